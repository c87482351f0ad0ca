// R7: errors in the body are shown there
use orion_rt::Scope;

#[orion_rt::main]
async fn main(s: &Scope) -> Result<(), std::num::ParseIntError> {
    s.no_such_method();
    let _: u8 = "text";
    Ok(5)
}
