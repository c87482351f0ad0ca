// R1: the futures of a local group and of its handles are not `Send`
use orion_rt::{Group, Local};

fn is_send<T: Send>(_: T) {}

fn group(g: &Group<'_, Local>) {
    is_send(g.group(async |_| ()));
}

fn join(g: &Group<'_, Local>) {
    is_send(g.spawn(async {}).join());
}

fn main() {}
