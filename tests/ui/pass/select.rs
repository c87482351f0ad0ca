// L1-L7: what the grammar allows compiles without a warning.
#![deny(warnings)]

use orion_rt::{Chan, select};

enum Message {
    Data(String),
    Stop,
}

const LIMIT: u8 = 5;

/// Names that shadow std's: the expansion names its own by full path.
#[allow(dead_code)]
mod shadowed {
    use orion_rt::{Chan, select};

    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Option;
    pub struct Result;
    macro_rules! panic {
        () => {};
    }

    pub async fn all(a: Chan<u8>, mut slot: core::option::Option<u8>) {
        panic!();
        let open = true;
        select! {
            Some(_) = <-a, if open => {}
            a <- take slot => {}
            a <- 1, if open => {}
            core::result::Result::Ok(_) = async { "1".parse::<u8>() } => {}
            else => {}
        }
    }
}

async fn control_flow(a: Chan<u8>) -> Result<u8, std::num::ParseIntError> {
    loop {
        select! {
            v = <-a => match v {
                Some(v) if v > 3 => continue,
                Some(_) => break,
                None => return Ok(0),
            },
            text = async { "5" } => {
                let number: u8 = text.parse()?;
                std::future::ready(()).await;
                return Ok(number);
            }
            _ = std::future::pending::<()>() => unreachable!(),
        }
    }
    Ok(1)
}

async fn operands(chans: &[Chan<u8>], lock: &std::sync::Mutex<Chan<u8>>) -> Option<u8> {
    let first = || chans.first();
    select! {
        v = <-chans[0] => v,
        v = <-first()? => v,
        v = <-&&chans[1], if chans.len() > 1 => v,
        v = <-lock.lock().unwrap().clone() => v,
        chans[1].clone() <- 1 => None,
        r = chans[1] <- { let one = 1; one + one } => r.ok().map(|()| 2),
    }
}

async fn patterns(a: Chan<(u8, u8)>) -> u8 {
    select! {
        Some((x, mut y)) = <-a => { y += x; y }
        Message::Data(text) = async { Message::Stop } => text.len() as u8,
        Message::Stop = async { Message::Data(String::new()) } => 0,
        Some(LIMIT) = async { Some(3) } => LIMIT,
        "yes" = async { "no" } => 1,
        [first, .., last] = async { [1_u8, 2, 3] } => first + last,
        number @ 1..=3 = async { 2 } => number,
        (ref x, _) = async { (1, 2) } => *x,
        else => 0,
    }
}

async fn nested(a: Chan<u8>) -> usize {
    select! {
        v = <-a => select! {
            w = <-a => usize::from(v.is_some()) + usize::from(w.is_some()),
            default => select! { _ = async {} => 1 },
        },
        default => 0,
    }
}

async fn never(a: Chan<std::convert::Infallible>) -> u8 {
    select! {
        Some(v) = <-a => match v {},
        v = std::future::pending::<std::convert::Infallible>() => match v {},
        else => return 5,
    }
}

async fn boxed(a: Chan<Box<dyn Fn(u8) -> u8 + Send>>) {
    let open = true;
    select! {
        a <- Box::new(|x| x + 1) => {}
        a <- Box::new(|x| x.pow(2)), if open => {}
    }
}

macro_rules! wrapped {
    ($ch:expr, $value:expr, $name:ident) => {
        select! {
            $ch <- $value => None,
            $name = <-$ch => $name,
        }
    };
}

/// Every kind of part comes from outside: a place after `take`, a pattern, a block without a comma behind it.
macro_rules! all_from_outside {
    ($ch:expr, $slot:expr, $pattern:pat, $open:expr, $body:block) => {
        select! {
            $ch <- take $slot => $body
            Some($pattern) = <-$ch, if $slot.is_none() && $open => $body
            $pattern = $ch.recv(), if $open => {}
            else => {}
        }
    };
}

async fn in_a_macro(a: Chan<u8>) -> Option<u8> {
    let mut slot = Some(1);
    all_from_outside!(a, slot, _, true, { a.close(); });
    wrapped!(a, 1 + 1, v)
}

fn is_send<T: Send>(_: T) {}

/// A future whose output is not `Send` does not keep the select from being so.
struct Local;

impl Future for Local {
    type Output = std::rc::Rc<u8>;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<std::rc::Rc<u8>> {
        std::task::Poll::Pending
    }
}

fn main() {
    let a = Chan::new(1);
    is_send(control_flow(a.clone()));
    is_send(operands(&[], &std::sync::Mutex::new(a.clone())));
    is_send(patterns(Chan::new(1)));
    is_send(nested(a.clone()));
    is_send(never(Chan::new(1)));
    is_send(boxed(Chan::new(1)));
    is_send(in_a_macro(a.clone()));
    is_send(shadowed::all(a.clone(), None));
    is_send(async move {
        select! {
            _ = <-a => std::future::ready(()).await,
            v = Local => drop(v),
        }
    });
}
