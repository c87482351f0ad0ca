// S2: `Scope` is invariant in both lifetimes
use orion_rt::Scope;

fn shorter<'a, 'long: 'short, 'short, 'env: 'long>(s: &'a Scope<'long, 'env>) -> &'a Scope<'short, 'env> {
    s
}

fn shorter_env<'a, 's, 'long: 'short, 'short: 's>(s: &'a Scope<'s, 'long>) -> &'a Scope<'s, 'short> {
    s
}

fn main() {}
