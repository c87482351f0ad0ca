//! What a channel has to know about its element type: size, alignment, how to copy and how to drop.
//!
//! A channel is laid out for an element that is only known at run time, because a `Chan<T>` and a channel of the C ABI
//! are one object. Operations are generic over [`Elem`]: called through `Chan<T>` they see constants and copy inline,
//! called through the C ABI they read the same facts from the channel.
//!
//! Invariants
//! 1. Every `Elem` used on a channel has the size and alignment the channel was created with.
//! 2. A copy is a move: the source is not used as a value afterwards.
//!
//! Rejected: a vtable of copy functions (an indirect call where one or two loads and stores do).

use std::marker::PhantomData;
use std::ptr;

/// The destructor of an element, given its address; of the C ABI, because a foreign channel brings its own.
pub type DropElem = unsafe extern "C-unwind" fn(*mut u8);

/// The element type of a channel, known at compile time or at run time.
pub(crate) trait Elem: Copy {
    /// Bytes per element.
    fn size(self) -> usize;

    /// Alignment of an element.
    fn align(self) -> usize;

    /// Moves one element.
    ///
    /// # Safety
    /// Both pointers are aligned for the element and valid for its size; they do not overlap; `from` holds a value that
    /// is not used afterwards (2).
    unsafe fn copy(self, from: *const u8, to: *mut u8);
}

/// An element known at compile time.
pub(crate) struct Typed<T>(PhantomData<fn() -> T>);

impl<T> Typed<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }

    /// The facts a channel of `T` is created with.
    pub(crate) fn erase() -> Erased {
        unsafe extern "C-unwind" fn drop_one<T>(at: *mut u8) {
            // SAFETY: the caller of `Erased::drop_in_place` promises a valid, aligned `T` at `at`.
            unsafe { ptr::drop_in_place(at.cast::<T>()) }
        }
        let drop: Option<DropElem> = if std::mem::needs_drop::<T>() { Some(drop_one::<T>) } else { None };
        Erased { size: size_of::<T>(), align: align_of::<T>(), drop }
    }
}

impl<T> Clone for Typed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Typed<T> {}

impl<T> Elem for Typed<T> {
    #[inline]
    fn size(self) -> usize {
        size_of::<T>()
    }

    #[inline]
    fn align(self) -> usize {
        align_of::<T>()
    }

    #[inline]
    unsafe fn copy(self, from: *const u8, to: *mut u8) {
        // SAFETY: promised by the caller.
        unsafe { ptr::copy_nonoverlapping(from.cast::<T>(), to.cast::<T>(), 1) }
    }
}

/// An element known at run time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Erased {
    size: usize,
    align: usize,
    drop: Option<DropElem>,
}

impl Erased {
    /// An element of `size` bytes, aligned to `align`, a power of two. `None`: the size is not a multiple of the
    /// alignment, or such an element cannot exist.
    pub(crate) fn new(size: usize, align: usize, drop: Option<DropElem>) -> Option<Self> {
        let valid = align.is_power_of_two() && size.is_multiple_of(align) && size <= isize::MAX as usize;
        valid.then_some(Self { size, align, drop })
    }

    /// Drops an element.
    ///
    /// # Safety
    /// `at` is aligned and holds a value that is not used afterwards.
    pub(crate) unsafe fn drop_in_place(self, at: *mut u8) {
        if let Some(drop) = self.drop {
            // SAFETY: promised by the caller, and `drop` is the destructor this element type was described with.
            unsafe { drop(at) }
        }
    }
}

impl Elem for Erased {
    #[inline]
    fn size(self) -> usize {
        self.size
    }

    #[inline]
    fn align(self) -> usize {
        self.align
    }

    #[inline]
    unsafe fn copy(self, from: *const u8, to: *mut u8) {
        /// Copies `N` bytes: a constant, so that it becomes a load and a store.
        ///
        /// # Safety
        /// As `Elem::copy`.
        #[inline]
        unsafe fn fixed<const N: usize>(from: *const u8, to: *mut u8) {
            // SAFETY: promised by the caller.
            unsafe { ptr::copy_nonoverlapping(from, to, N) }
        }
        match self.size {
            0 => {}
            // SAFETY: promised by the caller, here and below.
            4 => unsafe { fixed::<4>(from, to) },
            // SAFETY: see above.
            8 => unsafe { fixed::<8>(from, to) },
            // SAFETY: see above.
            16 => unsafe { fixed::<16>(from, to) },
            // SAFETY: see above.
            n => unsafe { ptr::copy_nonoverlapping(from, to, n) },
        }
    }
}
