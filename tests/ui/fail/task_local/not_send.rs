// A task-local value goes where the task's children go: other threads
orion_rt::task_local! {
    static LOCAL: std::rc::Rc<u8>;
}

struct NotClone;

orion_rt::task_local! {
    static COPIES: NotClone;
}

fn main() {}
