// A task-local has a type, and no value of its own
orion_rt::task_local! {
    static NO_TYPE;
}

orion_rt::task_local! {
    static WITH_A_VALUE: u64 = 7;
}

fn main() {}
