//! S1, J1: what local groups and join sets allow.

use orion_rt::{Group, JoinHandle, JoinSet, Local, LocalGroup, TaskError};

async fn sum<'a>(g: &LocalGroup<'a, Local>, numbers: &'a [u32]) -> Result<u32, TaskError> {
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let left: JoinHandle<'a, u32, Local> = g.spawn(async move { left.iter().sum() });
    let right = g.spawn(async move { right.iter().sum::<u32>() });
    Ok(left.await? + right.await?)
}

async fn squares(g: &Group<'_>, n: u32) -> Vec<u32> {
    let mut set: JoinSet<'_, u32> = g.join_set();
    for i in 0..n {
        set.spawn(async move { i * i });
    }
    let mut all = Vec::new();
    while let Some(square) = set.next().await {
        all.push(square.unwrap());
    }
    all
}

fn main() {
    let total = orion_rt::run(async |s| {
        let numbers = vec![1, 2, 3, 4];
        let mut seen = 0;
        let total = s
            .local(async |g| {
                g.go(async { seen = numbers.len() });
                sum(&g, &numbers).await
            })
            .await;
        assert_eq!(seen, 4);
        total
    });
    assert_eq!(total.unwrap(), 10);

    let runtime = orion_rt::Runtime::builder().workers(2).build().unwrap();
    let all = runtime.run(async |s| s.spawn(async move { squares(s, 3).await }).get().await);
    assert_eq!(all.iter().sum::<u32>(), 5);
}
