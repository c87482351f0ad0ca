//! Go's `test/ken/chan.go` and `chan1.go`: sequences of numbers through four channels, sent and received directly and by selects,
//! with random yields in between.

use orion_rt::{Chan, Group, Local, Multi, Select, Selected, yield_now};
use orion_tests::{Count, on_every_kind};

/// The numbers of channel `i`: 100, 101, .. up to 175; 200, ..
fn numbers(i: usize) -> std::ops::RangeInclusive<usize> {
    (i + 1) * 100..=(i + 1) * 100 + 75
}

/// A reproducible sequence, so that the four run out of step.
struct Random(u64);

impl Random {
    async fn pause(&mut self, bound: u64) {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for _ in 0..(self.0 >> 33) % bound {
            yield_now().await;
        }
    }
}

async fn send(chan: Chan<usize>, i: usize, total: Count) {
    let mut random = Random(i as u64);
    for number in numbers(i) {
        random.pause(10).await;
        chan.send(number).await.unwrap();
        total.add();
    }
}

async fn receive(chan: Chan<usize>, i: usize, total: Count) {
    let mut random = Random(10 + i as u64);
    for number in numbers(i) {
        random.pause(10).await;
        assert_eq!(chan.recv().await, Some(number));
        total.add();
    }
}

/// All four channels by selects; a channel that is through is left out, as Go's nil.
async fn select(chans: Vec<Chan<usize>>, sends: bool, total: Count) {
    let mut random = Random(20);
    let mut left: Vec<_> = (0..4).map(|i| numbers(i).peekable()).collect();
    loop {
        random.pause(5).await;
        let on: Vec<usize> = (0..4).filter(|&i| left[i].peek().is_some()).collect();
        if on.is_empty() {
            return;
        }
        let arms = on.iter().fold(Select::new(), |arms, &i| match left[i].peek() {
            Some(&number) if sends => arms.send(&chans[i], number),
            _ => arms.recv(&chans[i]),
        });
        let (index, selected) = arms.wait().await;
        let number = left[on[index]].next();
        match selected {
            Selected::Received(value) => assert_eq!(value, number),
            Selected::Sent(sent) => sent.unwrap(),
            Selected::Default => unreachable!(),
        }
        total.add();
    }
}

macro_rules! ken {
    ($name:ident, $kind:ty) => {
        async fn $name(g: &Group<'_, $kind>, capacity: usize) {
            let (sent, received) = (Count::default(), Count::default());
            for (select_sends, select_receives) in [(false, false), (false, true), (true, false), (true, true)] {
                let chans: Vec<_> = (0..4).map(|_| Chan::new(capacity)).collect();
                g.group(async |g| {
                    for (i, chan) in chans.iter().enumerate() {
                        if !select_sends {
                            g.go(send(chan.clone(), i, sent.clone()));
                        }
                        if !select_receives {
                            g.go(receive(chan.clone(), i, received.clone()));
                        }
                    }
                    if select_sends {
                        g.go(select(chans.clone(), true, sent.clone()));
                    }
                    if select_receives {
                        g.go(select(chans.clone(), false, received.clone()));
                    }
                })
                .await;
            }
            assert_eq!((sent.get(), received.get()), (4 * 4 * 76, 4 * 4 * 76));
        }
    };
}

ken!(local, Local);
ken!(multi, Multi);

/// Which of the two a scope is for.
trait Ken {
    async fn ken(&self, capacity: usize);
}

impl Ken for Group<'_, Local> {
    async fn ken(&self, capacity: usize) {
        local(self, capacity).await;
    }
}

impl Ken for Group<'_, Multi> {
    async fn ken(&self, capacity: usize) {
        multi(self, capacity).await;
    }
}

// C1, C7, L1 (ken/chan.go).
on_every_kind!(numbers_through_four_channels_and_selects, async |s| {
    for capacity in if cfg!(miri) { vec![0, 1] } else { vec![0, 1, 10, 100] } {
        s.ken(capacity).await;
    }
});

// C7 (ken/chan1.go): receivers mark what they get; nothing twice, nothing lost.
on_every_kind!(each_number_marks_its_place_once, async |s| {
    let (total, workers) = if cfg!(miri) { (50, 2) } else { (1000, 10) };
    for width in 0..2 {
        let (tx, rx) = Chan::new(width).split();
        let (tell, marked) = Chan::unbounded().split();
        for _ in 0..workers {
            let (rx, tell) = (rx.clone(), tell.clone());
            s.go(async move {
                while let Some(number) = rx.recv().await {
                    tell.send(number).await.unwrap();
                }
            });
        }
        drop(tell);
        for number in 0..total {
            tx.send(number).await.unwrap();
        }
        drop(tx);
        let mut marks = vec![0; total];
        while let Some(number) = marked.recv().await {
            marks[number] += 1;
        }
        assert!(marks.iter().all(|&count| count == 1));
    }
});
