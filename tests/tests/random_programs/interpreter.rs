//! Carrying out what concerns tasks, once for futures that are `Send` and once for those that need not be.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, LocalBoxFuture};
use orion_rt::{Group, JoinHandle, JoinSet, Local, LocalGroup, Multi, Scope, TryGroup};
use orion_rt::{cancelled, is_cancelled, shield, sleep, task_local, timeout};

use crate::any_chan::Held;
use crate::communicate::communicate;
use crate::program::{How, Nest, Step};
use crate::real::{Channels, Token, Turns, Witness, World, joined, panic_number};
use crate::trace::{Outcome, Thing};

task_local! { static VALUE: u8; }

/// What a script ends with: an error, by its number.
type Ended = Result<(), u32>;

fn ended(result: Ended) -> Outcome {
    result.map_or_else(Outcome::Failed, |()| Outcome::Over)
}

/// What a group's future gives, if nothing in it has panicked.
fn over(group: Result<Ended, Box<dyn std::any::Any + Send>>) -> Outcome {
    group.map_or_else(|payload| Outcome::Panicked(panic_number(&*payload)), ended)
}

fn infallible<T>(result: Result<T, u32>) -> T {
    result.expect("only tasks of a try group fail")
}

/// The handle a number means, unless it has been consumed.
fn pick<H>(handles: &mut [Option<H>], number: usize) -> Option<&mut Option<H>> {
    let count = handles.len();
    if count == 0 {
        return None;
    }
    Some(&mut handles[number % count]).filter(|handle| handle.is_some())
}

macro_rules! interpreter {
    ($module:ident, $kind:ty, $boxed:ident) => {
        pub(crate) mod $module {
            use super::*;

            type Handles<'s, 'a, W> = Vec<Option<JoinHandle<'s, Token<'a, W>, $kind>>>;

            /// Where a script is carried out.
            #[derive(Clone)]
            struct Here<'s, C> {
                chans: C,
                /// The innermost scope.
                scope: Group<'s, $kind>,
                /// The same, if it is a try group's.
                fallible: Option<TryGroup<'s, u32, $kind>>,
                /// The innermost local group, of those the script is a part of.
                local: Option<LocalGroup<'s, $kind>>,
            }

            impl<'s, C: Clone> Here<'s, C> {
                fn within(&self, scope: Group<'s, $kind>) -> Self {
                    Self { scope, fallible: None, ..self.clone() }
                }

                fn within_fallible(&self, group: TryGroup<'s, u32, $kind>) -> Self {
                    Self { scope: Group::clone(&group), fallible: Some(group), ..self.clone() }
                }

                fn within_local(&self, local: LocalGroup<'s, $kind>) -> Self {
                    Self { local: Some(local), ..self.clone() }
                }

                /// For a task, which is part of no local group.
                fn of_a_task(&self) -> Self {
                    Self { local: None, ..self.clone() }
                }
            }

            /// The root's body: starts the first task, and whenever the program is quiet closes the next channel, or at last
            /// cancels everything.
            pub(crate) async fn root<'s, 'e, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                scope: &Scope<'s, 'e, $kind>,
            ) {
                let chans = world.channels(|capacity| scope.chan(capacity));
                let here = Here { chans: Arc::clone(&chans), scope: Group::clone(scope), fallible: None, local: None };
                scope.spawn(task(world, 0, here, false).map(infallible)).release();
                for chan in chans.iter().map(Some).chain([None]) {
                    world.quiet().await;
                    match chan {
                        Some(chan) => {
                            world.witness.quiet(false);
                            chan.close();
                        }
                        None => {
                            world.witness.quiet(true);
                            scope.cancel();
                        }
                    }
                }
            }

            /// `fallible`: an error of the script is the task's.
            fn task<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                task: usize,
                here: Here<'s, Channels<'s, 'a, W>>,
                fallible: bool,
            ) -> Turns<'s, 'a, W, impl Future<Output = Result<Token<'a, W>, u32>> + use<'s, 'a, W>> {
                Turns::new(world, task, async move {
                    match script(world, task, here).await {
                        Err(error) if fallible => Err(error),
                        _ => Ok(world.token(Thing::Result(task as u32))),
                    }
                })
            }

            /// Starts `number` and gives its handle, if it has one.
            fn start<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                number: usize,
                how: How,
                here: &Here<'s, Channels<'s, 'a, W>>,
                set: &mut Option<JoinSet<'s, Token<'a, W>, $kind>>,
            ) -> Option<JoinHandle<'s, Token<'a, W>, $kind>> {
                let plain = || task(world, number, here.of_a_task(), false).map(infallible);
                let handle = match (how, &here.fallible) {
                    (How::Spawn | How::Go, Some(group)) => group.spawn(task(world, number, here.of_a_task(), true)),
                    (How::Spawn | How::Go, None) => here.scope.spawn(plain()),
                    (How::Isolated, _) => here.scope.task().isolated().spawn(plain()),
                    (How::Background, _) => here.scope.task().background().spawn(plain()),
                    (How::Set, _) => {
                        set.get_or_insert_with(|| here.scope.join_set()).spawn(plain());
                        return None;
                    }
                    (How::Child, _) => {
                        let local = here.local.as_ref().expect("children are spawned in local groups");
                        local.spawn(task(world, number, here.clone(), false).map(infallible))
                    }
                };
                if how == How::Go {
                    handle.release();
                    return None;
                }
                Some(handle)
            }

            /// Carries out `number` within `nest`.
            async fn within<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                number: usize,
                nest: Nest,
                here: &Here<'s, Channels<'s, 'a, W>>,
            ) -> Outcome {
                let there = here.clone();
                match nest {
                    Nest::Group => {
                        let group = here.scope.group(move |scope| script(world, number, there.within(scope)));
                        over(AssertUnwindSafe(group).catch_unwind().await)
                    }
                    Nest::TryGroup => {
                        let body = move |group| script(world, number, there.within_fallible(group));
                        over(AssertUnwindSafe(here.scope.try_group(body)).catch_unwind().await)
                    }
                    Nest::GroupTimeout(units) => {
                        let body = move |scope| script(world, number, there.within(scope));
                        let group = here.scope.group_timeout(world.time(units), body);
                        match AssertUnwindSafe(group).catch_unwind().await {
                            Ok(Err(_)) => Outcome::Elapsed,
                            Ok(Ok(value)) => ended(value),
                            Err(payload) => Outcome::Panicked(panic_number(&*payload)),
                        }
                    }
                    Nest::Local => {
                        let body =
                            move |local| Turns::new(world, number, script(world, number, there.within_local(local)));
                        over(AssertUnwindSafe(here.scope.local(body)).catch_unwind().await)
                    }
                    Nest::Timeout(units) => {
                        let limited = timeout(world.time(units), script(world, number, there)).await;
                        limited.map_or(Outcome::Elapsed, ended)
                    }
                    Nest::Shield => ended(shield(script(world, number, there)).await),
                    Nest::With(value) => ended(VALUE.scope(value, script(world, number, there)).await),
                }
            }

            fn script<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                number: usize,
                here: Here<'s, Channels<'s, 'a, W>>,
            ) -> $boxed<'s, Ended> {
                Box::pin(async move {
                    let mut handles: Handles<'s, 'a, W> = Vec::new();
                    let mut set = None;
                    let mut held = Held::new();
                    let steps = &world.program.scripts[number];
                    for (at, step) in steps.iter().enumerate() {
                        let outcome = match *step {
                            Step::Yield => {
                                orion_rt::yield_now().await;
                                continue;
                            }
                            Step::Spawn(child, how) => {
                                handles.extend(start(world, child, how, &here, &mut set).map(Some));
                                continue;
                            }
                            Step::Within(body, nest) => within(world, body, nest, &here).await,
                            Step::Fail(error) => {
                                world.witness.did(number, at, Outcome::Failed(error));
                                return Err(error);
                            }
                            Step::IsCancelled => Outcome::Is(is_cancelled()),
                            Step::Cancelled => {
                                cancelled().await;
                                Outcome::Over
                            }
                            Step::ScopeCancelled => {
                                here.scope.cancelled().await;
                                Outcome::Over
                            }
                            Step::CancelScope => {
                                here.scope.cancel();
                                continue;
                            }
                            Step::CancelAfter(units) => {
                                here.scope.cancel_after(world.time(units));
                                continue;
                            }
                            Step::CancelLocal => {
                                here.local.iter().for_each(LocalGroup::cancel);
                                continue;
                            }
                            Step::Sleep(units) => {
                                sleep(world.time(units)).await;
                                Outcome::Over
                            }
                            Step::Get => Outcome::Local(VALUE.try_get()),
                            Step::Join(handle) => {
                                let Some(handle) = pick(&mut handles, handle).and_then(Option::take) else { continue };
                                joined(handle.join().await)
                            }
                            Step::JoinTimeout(handle, units) => {
                                let Some(place) = pick(&mut handles, handle) else { continue };
                                let handle = place.take().expect("picked");
                                match handle.join_timeout(world.time(units)).await {
                                    Ok(result) => joined(result),
                                    Err(handle) => {
                                        *place = Some(handle);
                                        Outcome::Elapsed
                                    }
                                }
                            }
                            Step::Next => {
                                let Some(set) = &mut set else { continue };
                                set.next().await.map_or(Outcome::Empty, joined)
                            }
                            Step::CancelSet => {
                                set.iter().for_each(JoinSet::cancel);
                                continue;
                            }
                            Step::DropSet => {
                                set = None;
                                continue;
                            }
                            Step::Release(handle) => {
                                drop(pick(&mut handles, handle).and_then(Option::take));
                                continue;
                            }
                            Step::Finished(handle) => {
                                let Some(Some(handle)) = pick(&mut handles, handle) else { continue };
                                handle.finished().await;
                                Outcome::Over
                            }
                            Step::IsFinished(handle) => {
                                let Some(Some(handle)) = pick(&mut handles, handle) else { continue };
                                Outcome::Is(handle.is_finished())
                            }
                            Step::Cancel(handle) => {
                                let Some(Some(handle)) = pick(&mut handles, handle) else { continue };
                                handle.cancel();
                                continue;
                            }
                            Step::Panic(number) => resume_unwind(Box::new(number.to_string())),
                            _ => communicate(world, &here.chans, &mut held, step).await,
                        };
                        world.witness.did(number, at, outcome);
                    }
                    world.witness.did(number, steps.len(), Outcome::Over);
                    Ok(())
                })
            }
        }
    };
}

interpreter!(local, Local, LocalBoxFuture);
interpreter!(multi, Multi, BoxFuture);
