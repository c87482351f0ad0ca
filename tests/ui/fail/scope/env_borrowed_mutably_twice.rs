// S1: children borrow under the rules of any borrow
fn main() {
    let mut numbers = vec![1, 2, 3];
    orion_rt::run(async |s| {
        s.go(async { numbers.push(4) });
        s.go(async { numbers.push(5) });
    });
}
