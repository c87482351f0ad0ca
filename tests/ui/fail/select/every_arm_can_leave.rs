// L5: all arms refutable or guarded with neither `else` nor `default`
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    let mut slot = Some(1);
    select! {
        Some(v) = <-a => drop(v),
        <-b, if slot.is_some() => {}
        b <- take slot => {}
        Ok(v) = async { "1".parse::<u8>() } => drop(v),
    }
}

fn main() {}
