//! Step 4: the race itself, a `poll_fn` over the pinned arms.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::super::ast::{Arm, Binding, Operation, Select};
use super::super::pattern;
use super::{Names, is_optional, local, seam};

/// The race's own state, declared before the arms so that it is dropped after them.
pub(super) fn new(select: &Select) -> TokenStream {
    let (race, new) = (local("race"), seam("Race::new"));
    let (biased, has_default) = (select.biased, select.default.is_some());
    quote!(let mut #race = ::core::pin::pin!(#new(#biased, #has_default));)
}

/// Step 4.
pub(super) fn race(select: &Select, names: &[Names]) -> TokenStream {
    let arms = || select.arms.iter().zip(names).enumerate();
    let (race, cx, selected, output) = (local("race"), local("cx"), local("selected"), local("output"));
    let (arm_ref, count) = (seam("ArmRef"), select.arms.len());
    let references = arms().map(|(_, (arm, names))| reference(arm, names));
    let polls: Vec<_> = arms().filter_map(|(index, (arm, names))| poll(index, arm, names, &output)).collect();
    let keep = (!polls.is_empty()).then(|| quote!(let mut #output = ::core::option::Option::None;));
    let callback = callback(&polls);
    let winners = arms().map(|(index, (arm, names))| winner(index, arm, names, &output));
    let chosen = seam("Chosen");
    let default = select.default.as_ref().map(|_| quote!(#chosen::Default => __OrionSelected::Default,));
    let otherwise = select.otherwise.as_ref().map(|_| quote!(#chosen::Else => __OrionSelected::Else,));
    quote_spanned! {Span::mixed_site()=>
        let #selected = ::core::future::poll_fn(|#cx: &mut ::core::task::Context<'_>| {
            #keep
            let __chosen = {
                let mut __arms: [#arm_ref<'_>; #count] = [#(#references),*];
                #race.as_mut().poll(#cx, &mut __arms, #callback)
            };
            match __chosen {
                ::core::task::Poll::Pending => ::core::task::Poll::Pending,
                ::core::task::Poll::Ready(__chosen) => ::core::task::Poll::Ready(match __chosen {
                    #(#winners)*
                    #default
                    #otherwise
                    _ => ::core::unreachable!("the race chose an arm that is not there"),
                }),
            }
        })
        .await;
        #selected
    }
}

/// What the race sees of one arm in this poll.
fn reference(arm: &Arm, names: &Names) -> TokenStream {
    let (pinned, arm_ref) = (&names.pinned, seam("ArmRef"));
    match (&arm.operation, is_optional(arm)) {
        (Operation::Future { .. }, false) => quote!(#arm_ref::Future),
        (Operation::Future { .. }, true) => {
            quote!(if #pinned.as_ref().is_some() { #arm_ref::Future } else { #arm_ref::Off })
        }
        (_, false) => quote!(#pinned.as_mut().arm()),
        (_, true) => quote_spanned! {Span::mixed_site()=>
            match #pinned.as_mut().as_pin_mut() {
                ::core::option::Option::Some(__arm) => __arm.arm(),
                ::core::option::Option::None => #arm_ref::Off,
            }
        },
    }
}

/// The closure by which the race polls future arms.
fn callback(polls: &[TokenStream]) -> TokenStream {
    let verdict = seam("Verdict");
    if polls.is_empty() {
        return quote!(&mut |_, _| #verdict::Out);
    }
    let (index, cx) = (local("index"), local("cx"));
    quote_spanned! {Span::mixed_site()=>
        &mut |#index: usize, #cx: &mut ::core::task::Context<'_>| match #index {
            #(#polls)*
            _ => #verdict::Out,
        }
    }
}

/// How a future arm is polled; nothing for channel arms.
fn poll(index: usize, arm: &Arm, names: &Names, output: &Ident) -> Option<TokenStream> {
    let Operation::Future { pattern, .. } = &arm.operation else { return None };
    let Names { pinned, variant, .. } = names;
    let (verdict, cx, ready) = (seam("Verdict"), local("cx"), local("ready"));
    let some = quote!(::core::option::Option::Some);
    let keep = quote_spanned! {Span::mixed_site()=>
        #output = #some(__OrionSelected::#variant(#ready));
        #verdict::Ready
    };
    let ready_arm = match pattern::may_refuse(pattern) {
        false => keep,
        true => {
            let shape = pattern::without_bindings(pattern);
            quote_spanned! {Span::mixed_site()=>
                #[allow(unreachable_patterns)]
                let __matches = match #ready {
                    #shape => true,
                    _ => false,
                };
                if __matches {
                    #keep
                } else {
                    #pinned.set(::core::option::Option::None);
                    #verdict::Out
                }
            }
        }
    };
    let poll = |future: TokenStream| {
        // If the operand is no future, this says so at the same place as `future_operand` does, and is not shown again.
        let poll = quote_spanned!(names.value.span()=> ::core::future::Future::poll(#future, #cx));
        quote_spanned! {Span::mixed_site()=>
            match #poll {
                ::core::task::Poll::Pending => #verdict::Pending,
                ::core::task::Poll::Ready(#ready) => { #ready_arm }
            }
        }
    };
    Some(match is_optional(arm) {
        false => {
            let poll = poll(quote_spanned!(names.value.span()=> #pinned.as_mut()));
            quote!(#index => #poll,)
        }
        true => {
            let future = Ident::new("__future", names.value.span());
            let poll = poll(quote!(#future));
            quote_spanned! {Span::mixed_site()=>
                #index => match #pinned.as_mut().as_pin_mut() {
                    #some(#future) => #poll,
                    ::core::option::Option::None => #verdict::Out,
                },
            }
        }
    })
}

/// Turns the choice of one arm into its variant.
fn winner(index: usize, arm: &Arm, names: &Names, output: &Ident) -> TokenStream {
    let Names { pinned, variant, .. } = names;
    let chosen = seam("Chosen");
    if let Operation::Future { .. } = arm.operation {
        return quote_spanned! {Span::mixed_site()=>
            #chosen::Arm(#index) => match #output {
                ::core::option::Option::Some(__output) => __output,
                ::core::option::Option::None => ::core::unreachable!("a future arm won without an output"),
            },
        };
    }
    let arm_ref = match is_optional(arm) {
        false => quote!(#pinned.as_mut()),
        true => quote!(#pinned.as_mut().as_pin_mut().expect("only an arm in the race can win")),
    };
    let finished = quote!(#arm_ref.finish());
    let finished = match &arm.operation {
        Operation::Receive { binding: Binding::Value(_), .. } => {
            quote!(#finished.expect("`Some(..)` wins only with a value"))
        }
        _ => finished,
    };
    quote!(#chosen::Arm(#index) => __OrionSelected::#variant(#finished),)
}
