// S2: a borrow that the root made cannot leave it
fn main() {
    let mut outside: &str = "";
    orion_rt::run(async |s| {
        outside = s.keep(String::from("kept"));
    });
    println!("{outside}");
}
