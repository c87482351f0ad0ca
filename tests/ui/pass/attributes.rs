// R7: the shapes the attributes accept, beside a glob import and without a warning, also of those who want `Scope<'_, '_>` elsewhere.
#![deny(warnings, rust_2018_idioms)]

use orion_rt::*;

#[orion_rt::test]
async fn no_argument() {}

#[orion_rt::test(workers = 2)]
async fn elided(_: &Scope<'_, '_>) {}

#[orion_rt::test(workers = 1, seeds = 0..=3)]
#[should_panic(expected = "on purpose")]
async fn by_path(s: &orion_rt::Scope) {
    s.go(async { panic!("on purpose") });
}

#[orion_rt::test(deterministic)]
async fn on_a_virtual_clock(s: &Scope) {
    s.go(async { sleep(std::time::Duration::from_secs(3600)).await });
}

#[orion_rt::test(workers = 1, seeds = 0..3, deterministic)]
async fn shuffled(_: &Scope<'_, '_, Local>) {}

#[orion_rt::test(seeds = 0..3)]
#[ignore]
async fn kind_named(_: &Scope<'_, '_, Local>) -> Result<(), std::num::ParseIntError> {
    let _: u8 = "5".parse()?;
    Ok(())
}

/// A name that the expansion, of `kind_named` say, must not see.
#[allow(non_upper_case_globals, dead_code)]
const failed: u8 = 0;

mod inner {
    #[orion_rt::main]
    pub async fn server(s: &super::Scope) -> ! {
        s.go(async {});
        loop {
            super::yield_now().await;
        }
    }

    #[orion_rt::main]
    pub async fn answer() -> u8 {
        if true {
            return 42;
        }
        0
    }
}

#[orion_rt::main(workers = usize::from(true))]
async fn main(s: &Scope) -> Result<impl std::process::Termination, std::num::ParseIntError> {
    let port: u16 = "8080".parse()?;
    let handle = s.spawn(async move { port });
    assert_eq!(handle.get().await, 8080);
    Ok(())
}

#[allow(dead_code)]
fn called_like_any_function() {
    assert_eq!(inner::answer(), 42);
    let _: fn() -> ! = inner::server;
}
