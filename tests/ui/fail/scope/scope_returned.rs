// S2: the scope cannot leave its root as the result
fn main() {
    let _scope = orion_rt::run(async |s| s);
}
