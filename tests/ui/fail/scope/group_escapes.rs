// S2: a handle of the root's group cannot leave the root
use orion_rt::Group;

fn main() {
    let _group = orion_rt::run(async |s| {
        let group: &Group<'_, _> = s;
        group.clone()
    });
}
