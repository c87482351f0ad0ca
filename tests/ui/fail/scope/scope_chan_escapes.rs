// S2, S7: a channel of a root, its halves, its futures, streams and sinks stay in the root
fn main() {
    let mut kept = None;
    orion_rt::run(async |s| kept = Some(s.chan::<u8>(1)));
    let mut kept = None;
    orion_rt::run(async |s| kept = Some(s.chan::<u8>(1).split()));
    let mut kept = None;
    orion_rt::run(async |s| kept = Some(s.chan::<u8>(1).recv()));
    let mut kept = None;
    orion_rt::run(async |s| kept = Some(s.chan::<u8>(1).split().1.into_stream()));
    let mut kept = None;
    orion_rt::run(async |s| kept = Some(s.chan::<u8>(1).split().0.into_sink()));
    // A kept value outlives the channels.
    orion_rt::run(async |s| drop(s.keep(s.chan::<u8>(1))));
}
