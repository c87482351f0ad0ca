//! Go's `test/chan/powser1.go`: power series as pairs of channels, demand and supply, after McIlroy's "Squinting at power series".
//! Hundreds of tasks that select, split streams and build each other on demand; what is left at the end goes with the group.

use std::future::Future;
use std::pin::Pin;

use orion_rt::{Chan, Group, Local, Multi, select};
use orion_tests::on_every_kind;

/// A fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio(i64, i64);

const ZERO: Ratio = Ratio(0, 1);
const ONE: Ratio = Ratio(1, 1);

fn ratio(n: i64, d: i64) -> Ratio {
    fn gcd(a: i64, b: i64) -> i64 {
        if b == 0 { a.abs() } else { gcd(b, a % b) }
    }
    let by = gcd(n, d) * d.signum();
    Ratio(n / by, d / by)
}

impl std::ops::Add for Ratio {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        ratio(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }
}

impl std::ops::Mul for Ratio {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        ratio(self.0 * other.0, self.1 * other.1)
    }
}

impl std::ops::Neg for Ratio {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0, self.1)
    }
}

/// A power series: whoever wants the next coefficient asks for it.
#[derive(Clone)]
struct Series {
    demand: Chan<()>,
    supply: Chan<Ratio>,
}

impl Series {
    fn new() -> Self {
        Self { demand: Chan::new(0), supply: Chan::new(0) }
    }

    async fn get(&self) -> Ratio {
        self.demand.send(()).await.unwrap();
        self.supply.recv().await.unwrap()
    }

    async fn put(&self, value: Ratio) {
        self.demand.recv().await;
        self.supply.send(value).await.unwrap();
    }

    /// Passes on whatever is asked for.
    async fn copy_to(&self, out: &Self) {
        loop {
            out.demand.recv().await;
            out.supply.send(self.get().await).await.unwrap();
        }
    }
}

/// A coefficient of each of two series, in whatever order they come.
async fn get_both(a: &Series, b: &Series) -> (Ratio, Ratio) {
    let (mut asked, mut got) = ([false; 2], [None; 2]);
    for _ in 0..4 {
        select! {
            a.demand <- (), if !asked[0] => asked[0] = true,
            b.demand <- (), if !asked[1] => asked[1] = true,
            v = <-a.supply, if asked[0] && got[0].is_none() => got[0] = v,
            v = <-b.supply, if asked[1] && got[1].is_none() => got[1] = v,
            else => unreachable!("four rounds for four arms"),
        }
    }
    (got[0].unwrap(), got[1].unwrap())
}

/// The operations, which start tasks on a group of either kind.
macro_rules! power_series {
    ($module:ident, $kind:ty, $($send:ident)?) => {
        mod $module {
            use super::*;

            type Work<'s> = Pin<Box<dyn Future<Output = ()> $(+ $send)? + 's>>;

            /// A series made by a task of its own.
            fn make<'s>(g: &Group<'s, $kind>, work: impl FnOnce(Group<'s, $kind>, Series) -> Work<'s>) -> Series {
                let series = Series::new();
                g.go(work(g.clone(), series.clone()));
                series
            }

            pub(super) fn repeat(g: &Group<'_, $kind>, value: Ratio) -> Series {
                make(g, |_, out| Box::pin(async move { loop { out.put(value).await } }))
            }

            pub(super) fn add(g: &Group<'_, $kind>, a: Series, b: Series) -> Series {
                make(g, |_, out| Box::pin(async move {
                    loop {
                        out.demand.recv().await;
                        let (a, b) = get_both(&a, &b).await;
                        out.supply.send(a + b).await.unwrap();
                    }
                }))
            }

            pub(super) fn scale(g: &Group<'_, $kind>, by: Ratio, a: Series) -> Series {
                make(g, |_, out| Box::pin(async move {
                    loop {
                        out.demand.recv().await;
                        out.supply.send(by * a.get().await).await.unwrap();
                    }
                }))
            }

            pub(super) fn differentiate(g: &Group<'_, $kind>, a: Series) -> Series {
                make(g, |_, out| Box::pin(async move {
                    out.demand.recv().await;
                    a.get().await;
                    for i in 1.. {
                        out.supply.send(ratio(i, 1) * a.get().await).await.unwrap();
                        out.demand.recv().await;
                    }
                }))
            }

            pub(super) fn integrate(g: &Group<'_, $kind>, constant: Ratio, a: Series) -> Series {
                make(g, |_, out| Box::pin(async move {
                    out.put(constant).await;
                    for i in 1.. {
                        out.demand.recv().await;
                        out.supply.send(ratio(1, i) * a.get().await).await.unwrap();
                    }
                }))
            }

            /// Two copies, read at different rates: each generation holds one coefficient that the slower has not read,
            /// and lets the next one serve the slower when it has.
            pub(super) fn split(g: &Group<'_, $kind>, a: Series, copies: [Series; 2]) {
                let release = Chan::new(0);
                g.go(generation(g.clone(), a, copies, release.clone()));
                g.go(async move { release.send(()).await.unwrap() });
            }

            fn generation<'s>(g: Group<'s, $kind>, a: Series, mut out: [Series; 2], released: Chan<()>) -> Work<'s> {
                Box::pin(async move {
                    let both = select! {
                        _ = <-out[0].demand => false,
                        _ = <-released => {
                            let second = select! { _ = <-out[0].demand => false, _ = <-out[1].demand => true };
                            if second {
                                out.swap(0, 1);
                            }
                            true
                        }
                    };
                    a.demand.send(()).await.unwrap();
                    let release = Chan::new(0);
                    g.go(generation(g.clone(), a.clone(), out.clone(), release.clone()));
                    let value = a.supply.recv().await.unwrap();
                    out[0].supply.send(value).await.unwrap();
                    if !both {
                        released.recv().await;
                    }
                    out[1].put(value).await;
                    release.send(()).await.unwrap();
                })
            }

            pub(super) fn multiply(g: &Group<'_, $kind>, a: Series, b: Series) -> Series {
                make(g, |g, out| Box::pin(async move {
                    out.demand.recv().await;
                    let (u, v) = get_both(&a, &b).await;
                    out.supply.send(u * v).await.unwrap();
                    let (uu, vv) = ([Series::new(), Series::new()], [Series::new(), Series::new()]);
                    split(&g, a, uu.clone());
                    split(&g, b, vv.clone());
                    let ([u0, u1], [v0, v1]) = (uu, vv);
                    let w = add(&g, scale(&g, u, v0), scale(&g, v, u0));
                    out.demand.recv().await;
                    out.supply.send(w.get().await).await.unwrap();
                    add(&g, w, multiply(&g, u1, v1)).copy_to(&out).await;
                }))
            }

            /// exp(a); the constant term of a counts as 0.
            pub(super) fn exponential(g: &Group<'_, $kind>, a: Series) -> Series {
                let [again, out] = [Series::new(), Series::new()];
                let integral = integrate(g, ONE, multiply(g, again.clone(), differentiate(g, a)));
                split(g, integral, [again, out.clone()]);
                out
            }

            /// a(c x^n).
            pub(super) fn substitute(g: &Group<'_, $kind>, a: Series, c: Ratio, n: usize) -> Series {
                make(g, |_, out| Box::pin(async move {
                    let mut power = ONE;
                    loop {
                        out.put(a.get().await * power).await;
                        power = power * c;
                        for _ in 1..n {
                            out.put(ZERO).await;
                        }
                    }
                }))
            }

            pub(super) async fn check(g: &Group<'_, $kind>) {
                let ones = || repeat(g, ONE);
                let twos = || repeat(g, ratio(2, 1));
                expect(ones(), &[ONE; 5]).await;
                expect(add(g, ones(), twos()), &[ratio(3, 1); 10]).await;
                expect(scale(g, -ONE, twos()), &[ratio(-2, 1); 10]).await;
                expect(add(g, ones(), scale(g, -ONE, twos())), &[-ONE; 10]).await;
                let count: Vec<Ratio> = (1..=10).map(|i| ratio(i, 1)).collect();
                expect(differentiate(g, ones()), &count).await;
                let harmonic: Vec<Ratio> = (0..10).map(|i| if i == 0 { ZERO } else { ratio(1, i) }).collect();
                expect(integrate(g, ZERO, ones()), &harmonic).await;
                expect(multiply(g, ones(), ones()), &count).await;
                let terms = if cfg!(miri) { 4 } else { 10 };
                let exp = [(1, 1), (1, 1), (3, 2), (13, 6), (73, 24), (167, 40), (4051, 720), (37633, 5040), (43817, 4480),
                    (4_596_553, 362_880)].map(|(n, d)| Ratio(n, d));
                expect(exponential(g, ones()), &exp[..terms]).await;
                let arctan: Vec<Ratio> = (0..10)
                    .map(|i| match i % 4 { 1 => ratio(1, i), 3 => ratio(-1, i), _ => ZERO })
                    .collect();
                expect(integrate(g, ZERO, substitute(g, ones(), -ONE, 2)), &arctan).await;
            }
        }
    };
}

power_series!(local, Local,);
power_series!(multi, Multi, Send);

async fn expect(series: Series, terms: &[Ratio]) {
    for term in terms {
        assert_eq!(series.get().await, *term);
    }
}

/// Runs the checks on whichever kind of group.
trait PowerSeries {
    async fn check(&self);
}

impl PowerSeries for Group<'_, Local> {
    async fn check(&self) {
        local::check(self).await;
    }
}

impl PowerSeries for Group<'_, Multi> {
    async fn check(&self) {
        multi::check(self).await;
    }
}

// L1, L2, C2, X2 (powser1.go).
on_every_kind!(squinting_at_power_series, async |s| {
    s.group(async |g| {
        g.check().await;
        g.cancel();
    })
    .await;
});
