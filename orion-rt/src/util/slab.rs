//! Values under small indices. The index of a value that was removed is used again.

#![forbid(unsafe_code)]

/// See the module.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Where the next value goes.
    pub(crate) fn next_index(&self) -> usize {
        self.free.last().copied().unwrap_or(self.slots.len())
    }

    /// Puts `value` at [`next_index`](Slab::next_index).
    pub(crate) fn insert(&mut self, value: T) {
        match self.free.pop() {
            Some(index) => self.slots[index] = Some(value),
            None => self.slots.push(Some(value)),
        }
    }

    /// Takes the value at `index` out.
    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        let value = self.slots.get_mut(index)?.take()?;
        self.free.push(index);
        Some(value)
    }

    /// The value at `index`.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.slots.get_mut(index)?.as_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values, in the order of their indices.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    /// The values with their indices, from `start` on and then those before it.
    pub(crate) fn iter_from(&self, start: usize) -> impl Iterator<Item = (usize, &T)> {
        let (before, behind) = self.slots.split_at(start.min(self.slots.len()));
        let behind = (start..).zip(behind);
        behind.chain((0..).zip(before)).filter_map(|(index, slot)| Some((index, slot.as_ref()?)))
    }

    /// The values, in the order of their indices.
    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.slots.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_used_again() {
        let mut slab = Slab::default();
        for (index, value) in ["a", "b", "c"].into_iter().enumerate() {
            assert_eq!(slab.next_index(), index);
            slab.insert(value);
        }
        assert_eq!(slab.remove(1), Some("b"));
        assert_eq!((slab.remove(1), slab.remove(9)), (None, None));
        assert_eq!((slab.len(), slab.next_index()), (2, 1));
        slab.insert("d");
        assert_eq!(slab.iter().copied().collect::<Vec<_>>(), ["a", "d", "c"]);
        assert_eq!(slab.get_mut(1).copied(), Some("d"));
        assert_eq!(slab.iter_from(1).collect::<Vec<_>>(), [(1, &"d"), (2, &"c"), (0, &"a")]);
        assert_eq!(slab.iter_from(9).map(|(index, _)| index).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(slab.next_index(), 3);
        assert!(!slab.is_empty());
    }
}
