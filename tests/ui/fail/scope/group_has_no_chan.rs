// S7: `keep` and `chan` are a root's, not a group's
use orion_rt::Group;

fn f(g: &Group<'static>) {
    g.chan::<u8>(1);
    g.keep(1);
}

fn main() {}
