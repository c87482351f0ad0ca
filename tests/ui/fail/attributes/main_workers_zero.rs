// R6: a bad setting is an error in its own name
use orion_rt::Scope;

#[orion_rt::main(workers = 0)]
async fn main(s: &Scope) {
    s.cancel();
}
