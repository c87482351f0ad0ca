// S7: `ScopeChan` is invariant in `'scope` and in `T`, and so are its halves
use orion_rt::{ScopeChan, ScopeReceiver, ScopeSender};

fn shorter<'long: 'short, 'short>(chan: ScopeChan<'long, u8>) -> ScopeChan<'short, u8> {
    chan
}

fn longer<'long: 'short, 'short>(chan: ScopeChan<'short, u8>) -> ScopeChan<'long, u8> {
    chan
}

fn shorter_value<'s, 'long: 'short, 'short>(chan: ScopeChan<'s, &'long u8>) -> ScopeChan<'s, &'short u8> {
    chan
}

fn longer_value<'s, 'long: 'short, 'short>(chan: ScopeChan<'s, &'short u8>) -> ScopeChan<'s, &'long u8> {
    chan
}

fn sender<'s, 'long: 'short, 'short>(half: ScopeSender<'s, &'long u8>) -> ScopeSender<'s, &'short u8> {
    half
}

fn receiver<'long: 'short, 'short>(half: ScopeReceiver<'short, u8>) -> ScopeReceiver<'long, u8> {
    half
}

fn main() {}
