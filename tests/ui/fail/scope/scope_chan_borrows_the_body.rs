// S7, R8: values are dropped when the body's variables are gone
fn main() {
    orion_rt::run(async |s| {
        let chan = s.chan(1);
        let text = String::from("local");
        chan.try_send(&text).unwrap();
    });
}
