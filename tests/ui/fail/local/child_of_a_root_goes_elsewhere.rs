// S2: the handle of a child does not outlive the scope that its group was opened on, whatever the child borrows
use orion_rt::{JoinHandle, LocalGroup, Multi};

fn main() {
    let (out, handles) = std::sync::mpsc::channel::<JoinHandle<'static, (), Multi>>();
    std::thread::spawn(move || handles.recv().unwrap().cancel());
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    runtime.run(async |s| {
        s.local(async |g: LocalGroup<'static, Multi>| out.send(g.spawn(async {})).unwrap()).await;
    });
}
