//! An intrusive doubly linked list: nodes live where their owner put them, the list allocates nothing.
//!
//! ```text
//!   List { head, tail }      head -> [prev|next] <-> [prev|next] <- tail
//! ```
//!
//! Invariants
//! 1. A linked node is valid (not freed, not moved) until it is unlinked; whoever links it answers for that.
//! 2. A node is in at most one list at a time per `Links` it has, and every call on a node names the list it is in.
//! 3. All access to a list and to the links of its nodes is serialised by the caller (a lock, or one thread).
//!
//! Rejected: a circular list with a sentinel (the list could not be moved).

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// The two pointers a node embeds. `prev` dangles while the node is in no list.
#[derive(Debug)]
pub(crate) struct Links<T> {
    prev: Cell<Option<NonNull<T>>>,
    next: Cell<Option<NonNull<T>>>,
}

impl<T> Links<T> {
    pub(crate) const fn new() -> Self {
        Self { prev: Cell::new(Some(NonNull::dangling())), next: Cell::new(None) }
    }

    /// Whether the node is in a list.
    #[inline]
    pub(crate) fn is_linked(&self) -> bool {
        self.prev.get() != Some(NonNull::dangling())
    }
}

/// Says where in a node the links of the list named `Tag` are.
///
/// # Safety
/// `links` returns the same address for the same node every time, inside the node.
pub(crate) unsafe trait Linked<Tag>: Sized {
    /// The links of `node`.
    ///
    /// # Safety
    /// `node` points to a valid node (invariant 1).
    unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self>;
}

/// First in, first out; any node can be removed in constant time.
#[derive(Debug)]
pub(crate) struct List<T, Tag> {
    head: Option<NonNull<T>>,
    tail: Option<NonNull<T>>,
    _tag: PhantomData<fn(Tag)>,
}

impl<T: Linked<Tag>, Tag> List<T, Tag> {
    pub(crate) const fn new() -> Self {
        Self { head: None, tail: None, _tag: PhantomData }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// The oldest node.
    #[inline]
    pub(crate) fn front(&self) -> Option<NonNull<T>> {
        self.head
    }

    /// The node behind `node`.
    ///
    /// # Safety
    /// `node` is linked in this list (2).
    #[inline]
    pub(crate) unsafe fn next(&self, node: NonNull<T>) -> Option<NonNull<T>> {
        // SAFETY: (1): a linked node is valid.
        unsafe { T::links(node) }.next.get()
    }

    /// Appends `node`.
    ///
    /// # Safety
    /// `node` is valid until it is unlinked (1) and not linked now (2).
    #[inline]
    pub(crate) unsafe fn push_back(&mut self, node: NonNull<T>) {
        // SAFETY: (1), promised by the caller.
        let links = unsafe { T::links(node) };
        debug_assert!(!links.is_linked(), "a node is in one list at a time");
        links.prev.set(self.tail);
        links.next.set(None);
        match self.tail {
            // SAFETY: (1): the tail is linked, so valid.
            Some(tail) => unsafe { T::links(tail) }.next.set(Some(node)),
            None => self.head = Some(node),
        }
        self.tail = Some(node);
    }

    /// Takes the oldest node out.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.head?;
        // SAFETY: (1, 2): the head is linked here.
        unsafe { self.unlink(node) };
        Some(node)
    }

    /// Takes `node` out.
    ///
    /// # Safety
    /// `node` is linked in this list (2).
    #[inline]
    pub(crate) unsafe fn unlink(&mut self, node: NonNull<T>) {
        // SAFETY: (1): a linked node is valid.
        let links = unsafe { T::links(node) };
        debug_assert!(links.is_linked(), "only a linked node can be unlinked");
        let (prev, next) = (links.prev.replace(Some(NonNull::dangling())), links.next.take());
        match prev {
            // SAFETY: (1): neighbours of a linked node are linked.
            Some(prev) => unsafe { T::links(prev) }.next.set(next),
            None => self.head = next,
        }
        match next {
            // SAFETY: (1): neighbours of a linked node are linked.
            Some(next) => unsafe { T::links(next) }.prev.set(prev),
            None => self.tail = prev,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Node {
        value: u32,
        links: Links<Node>,
    }
    struct Here;

    // SAFETY: `links` is a field of the node.
    unsafe impl Linked<Here> for Node {
        unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self> {
            // SAFETY: the node is valid, promised by the caller.
            unsafe { &(*node.as_ptr()).links }
        }
    }

    fn node(value: u32) -> NonNull<Node> {
        NonNull::from(Box::leak(Box::new(Node { value, links: Links::new() })))
    }

    fn free(node: NonNull<Node>) -> u32 {
        // SAFETY: made by `node` above and unlinked.
        unsafe { Box::from_raw(node.as_ptr()) }.value
    }

    #[test]
    fn first_in_first_out_and_removal_anywhere() {
        let mut list = List::<Node, Here>::new();
        let nodes: Vec<_> = (0..5).map(node).collect();
        for &n in &nodes {
            // SAFETY: fresh nodes, freed only after they were unlinked.
            unsafe { list.push_back(n) };
        }
        for i in [2, 0, 4] {
            // SAFETY: linked above.
            unsafe { list.unlink(nodes[i]) };
            assert_eq!(free(nodes[i]), i as u32);
        }
        assert_eq!(list.pop_front().map(free), Some(1));
        assert_eq!(list.pop_front().map(free), Some(3));
        assert!(list.pop_front().is_none() && list.is_empty());
    }
}
