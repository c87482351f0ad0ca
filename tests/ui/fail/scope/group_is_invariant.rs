// S2: `Group` is invariant: neither a shorter nor a longer scope
use orion_rt::{Group, Local, Multi};

fn shorter<'long: 'short, 'short>(g: Group<'long, Multi>) -> Group<'short, Multi> {
    g
}

fn longer<'long: 'short, 'short>(g: Group<'short, Local>) -> Group<'long, Local> {
    g
}

fn main() {}
