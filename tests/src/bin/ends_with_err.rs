//! A program whose `main` returns an `Err` while a task is left; run by `tests/macros.rs`.

use std::num::ParseIntError;

use orion_rt::Scope;
use orion_tests::Then;

#[orion_rt::main]
async fn main(s: &Scope) -> Result<(), ParseIntError> {
    s.go(async {
        let _told = Then(|| println!("the other task is gone"));
        orion_tests::for_ever().await;
    });
    orion_rt::yield_now().await;
    let _port: u16 = "http".parse()?;
    Ok(())
}
