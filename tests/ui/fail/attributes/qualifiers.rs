// R7: what a closure cannot be
use orion_rt::Scope;

#[orion_rt::test]
async unsafe fn not_safe() {}

#[orion_rt::test]
async fn generic<T>() {}

#[orion_rt::test]
async fn lifetimes<'s, 'e>(_: &'s Scope<'s, 'e>) {}

#[orion_rt::test]
async fn clause()
where
    u8: Copy,
{
}

#[orion_rt::test]
async extern "C" fn abi() {}

fn main() {}
