//! Skynet: a tree of tasks, ten children each, whose leaves return their number and whose inner tasks the sum.

use std::future::Future;
use std::time::Instant;

use super::sum_below;
use crate::alloc;
use crate::capability::Tasks;
use crate::measure::Sample;
use crate::scale::Scale;

const CHILDREN: u64 = 10;

/// How many leaves: a power of ten.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(1_000_000, 100_000, 100)
}

/// How many tasks the tree of `leaves` leaves has, its root included.
#[must_use]
pub fn tasks(leaves: u64) -> u64 {
    std::iter::successors(Some(leaves), |level| (*level > 1).then(|| level / CHILDREN)).sum()
}

/// The checksum.
#[must_use]
pub fn expected(scale: Scale) -> u64 {
    sum_below(size(scale))
}

/// Runs it: ns per task.
pub async fn run<R: Tasks>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    R::output(R::join(rt.spawn(node(rt.clone(), 0, n / 10))).await);
    let start = Instant::now();
    let sum = R::output(R::join(rt.spawn(node(rt.clone(), 0, n))).await);
    Sample::time(start.elapsed(), tasks(n), sum)
}

/// The same tree with the allocator counting: the highest number of live bytes, per task.
pub async fn peak<R: Tasks>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    alloc::start();
    let sum = R::output(R::join(rt.spawn(node(rt.clone(), 0, n))).await);
    Sample::bytes(alloc::stop().peak, tasks(n), sum)
}

#[expect(clippy::manual_async_fn, reason = "a task that spawns itself must promise to be Send by its signature")]
fn node<R: Tasks>(rt: R, first: u64, leaves: u64) -> impl Future<Output = u64> + Send + 'static {
    async move {
        if leaves == 1 {
            return first;
        }
        let each = leaves / CHILDREN;
        let mut handles = Vec::with_capacity(10);
        for child in 0..CHILDREN {
            handles.push(rt.spawn(node(rt.clone(), first + child * each, each)));
        }
        let mut sum = 0;
        for handle in handles {
            sum += R::output(R::join(handle).await);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_whole_tree_has_1_1_million_tasks() {
        assert_eq!(super::tasks(1_000_000), 1_111_111);
        assert_eq!(super::tasks(100), 111);
    }
}
