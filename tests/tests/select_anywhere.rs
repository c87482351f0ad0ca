//! One program on every executor: L7, C9, and R1 and R2 for 1, 2 and 8 workers.

use orion_rt::{Chan, Runtime, select};
use orion_tests::watched;

/// How many values each producer sends.
const VALUES: u64 = 500;

/// Sends its values over whichever channel takes them.
async fn produce(a: Chan<u64>, b: Chan<u64>) {
    for value in 1..=VALUES {
        select! {
            a <- value => {}
            b <- value => {}
        }
    }
}

/// Adds up what arrives on either channel until both are closed and drained.
async fn consume(a: Chan<u64>, b: Chan<u64>) -> u64 {
    let mut sum = 0;
    loop {
        select! {
            Some(value) = <-a => sum += value,
            Some(value) = <-b => sum += value,
            else => return sum,
        }
    }
}

/// What one producer sends in all.
fn total() -> u64 {
    VALUES * (VALUES + 1) / 2
}

/// Two producers and two consumers within one task.
async fn all_in_one() -> u64 {
    let (a, b) = (Chan::new(0), Chan::new(1));
    let producers = async {
        futures::join!(produce(a.clone(), b.clone()), produce(a.clone(), b.clone()));
        a.close();
        b.close();
    };
    let ((), x, y) = futures::join!(producers, consume(a.clone(), b.clone()), consume(a.clone(), b.clone()));
    x + y
}

// L7
#[test]
fn futures_block_on() {
    assert_eq!(watched(|| futures::executor::block_on(all_in_one())), 2 * total());
}

// L7
#[test]
fn tokio_current_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(watched(|| runtime.block_on(all_in_one())), 2 * total());
}

// L7
#[test]
fn tokio_workers() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let sum = watched(|| {
        runtime.block_on(async {
            let (a, b) = (Chan::new(0), Chan::new(1));
            let consumers: Vec<_> = (0..3).map(|_| tokio::spawn(consume(a.clone(), b.clone()))).collect();
            let producers: Vec<_> = (0..3).map(|_| tokio::spawn(produce(a.clone(), b.clone()))).collect();
            for producer in producers {
                producer.await.unwrap();
            }
            a.close();
            b.close();
            let mut sum = 0;
            for consumer in consumers {
                sum += consumer.await.unwrap();
            }
            sum
        })
    });
    assert_eq!(sum, 3 * total());
}

// L7
#[test]
fn smol() {
    let sum = watched(|| {
        smol::block_on(async {
            let (a, b) = (Chan::new(0), Chan::new(1));
            let producer = smol::spawn(produce(a.clone(), b.clone()));
            let consumer = smol::spawn(consume(a.clone(), b.clone()));
            producer.await;
            a.close();
            b.close();
            consumer.await
        })
    });
    assert_eq!(sum, total());
}

// R1, L7
#[test]
fn local() {
    let sum = watched(|| {
        orion_rt::run(async |s| {
            let (a, b) = (Chan::new(0), Chan::new(1));
            let producers: Vec<_> = (0..3).map(|_| s.spawn(produce(a.clone(), b.clone()))).collect();
            let consumers: Vec<_> = (0..3).map(|_| s.spawn(consume(a.clone(), b.clone()))).collect();
            for producer in producers {
                producer.get().await;
            }
            a.close();
            b.close();
            let mut sum = 0;
            for consumer in consumers {
                sum += consumer.get().await;
            }
            sum
        })
    });
    assert_eq!(sum, 3 * total());
}

// R2, L7
#[test]
fn workers() {
    for workers in [1, 2, 8] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let sum = watched(|| {
            runtime.run(async |s| {
                let (a, b) = (Chan::new(0), Chan::new(1));
                let producers: Vec<_> = (0..4).map(|_| s.spawn(produce(a.clone(), b.clone()))).collect();
                let consumers: Vec<_> = (0..4).map(|_| s.spawn(consume(a.clone(), b.clone()))).collect();
                for producer in producers {
                    producer.get().await;
                }
                a.close();
                b.close();
                let mut sum = 0;
                for consumer in consumers {
                    sum += consumer.get().await;
                }
                sum
            })
        });
        assert_eq!(sum, 4 * total(), "{workers} workers");
    }
}

// C9: threads, an orion runtime and a foreign executor on the same channels.
#[test]
fn across_threads_and_executors() {
    let sum = watched(|| {
        let (a, b) = (Chan::new(0), Chan::new(2));
        std::thread::scope(|threads| {
            let (blocking, foreign) = (a.clone(), (a.clone(), b.clone()));
            let sender = threads.spawn(move || (1..=VALUES).for_each(|value| blocking.send_blocking(value).unwrap()));
            let sums = [
                threads.spawn({
                    let (a, b) = (a.clone(), b.clone());
                    move || orion_rt::run(async |_| consume(a, b).await)
                }),
                threads.spawn(|| futures::executor::block_on(consume(foreign.0, foreign.1))),
            ];
            smol::block_on(produce(a.clone(), b.clone()));
            sender.join().unwrap();
            a.close();
            b.close();
            sums.into_iter().map(|sum| sum.join().unwrap()).sum::<u64>()
        })
    });
    assert_eq!(sum, 2 * total());
}

// C7, X5: selects that are dropped half-way lose and duplicate nothing.
#[test]
fn cancelled_selects_lose_nothing() {
    watched(|| {
        for workers in [1, 2, 8] {
            let runtime = Runtime::builder().workers(workers).build().unwrap();
            let (a, b) = (Chan::new(0), Chan::new(1));
            let sum = runtime.run(async |s| {
                let producer = s.spawn(produce(a.clone(), b.clone()));
                let consumer = s.spawn({
                    let (a, b) = (a.clone(), b.clone());
                    async move {
                        let mut sum = 0;
                        loop {
                            // Half of the turns give up after one suspension, at most.
                            let turn = async {
                                select! {
                                    Some(value) = <-a => Some(value),
                                    Some(value) = <-b => Some(value),
                                    else => None,
                                }
                            };
                            select! {
                                got = turn => match got {
                                    Some(value) => sum += value,
                                    None => return sum,
                                },
                                _ = orion_rt::yield_now() => {}
                            }
                        }
                    }
                });
                producer.get().await;
                a.close();
                b.close();
                consumer.get().await
            });
            assert_eq!(sum, total(), "{workers} workers");
        }
    });
}
