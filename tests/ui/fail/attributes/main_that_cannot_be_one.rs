// R7: after an error the body is still checked, and there still is a `main`
#[orion_rt::main]
async fn main(s: u8) {
    let _: u16 = s;
}
