//! Places of the caller that a call writes to when it succeeds.

use std::ptr::{self, NonNull};

use crate::failure::Failure;

/// A checked place for one value.
pub(crate) struct Output<T>(NonNull<T>);

impl<T> Output<T> {
    /// Checks the place.
    ///
    /// # Safety
    /// Unless it is NULL, the pointer is valid for writing a `T` until the value that this function gives is gone.
    pub(crate) unsafe fn new(name: &str, pointer: *mut T) -> Result<Self, Failure> {
        let place = NonNull::new(pointer).ok_or_else(|| Failure::argument(name, "the pointer is NULL"))?;
        if !pointer.is_aligned() {
            return Err(Failure::argument(name, "the pointer is not aligned for its type"));
        }
        Ok(Self(place))
    }

    /// Writes the value.
    pub(crate) fn write(self, value: T) {
        // SAFETY: `new` asserted the place, and its caller promised that it can be written.
        unsafe { self.0.write(value) };
    }
}

impl<T> Output<*mut T> {
    /// Gives an object to the caller, who owns it from here on.
    pub(crate) fn give(self, object: T) {
        self.write(Box::into_raw(Box::new(object)));
    }

    /// Gives an object, or NULL where there is none.
    pub(crate) fn give_some(self, object: Option<T>) {
        match object {
            Some(object) => self.give(object),
            None => self.write(ptr::null_mut()),
        }
    }
}

/// A checked buffer for several values.
pub(crate) struct Buffer<T> {
    first: *mut T,
    capacity: usize,
}

impl<T: Copy> Buffer<T> {
    /// Checks the buffer. `(NULL, 0)` is a buffer that is too small for anything.
    ///
    /// # Safety
    /// Unless it is NULL, the pointer is valid for writing `capacity` values until what this function gives is gone.
    pub(crate) unsafe fn new(name: &str, pointer: *mut T, capacity: usize) -> Result<Self, Failure> {
        if pointer.is_null() && capacity != 0 {
            return Err(Failure::argument(name, format_args!("the pointer is NULL, but its capacity is {capacity}")));
        }
        if !pointer.is_aligned() {
            return Err(Failure::argument(name, "the pointer is not aligned for its type"));
        }
        Ok(Self { first: pointer, capacity })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Writes the values one behind the other, as many as there is room for.
    pub(crate) fn write(self, values: impl Iterator<Item = T>) {
        for (index, value) in values.take(self.capacity).enumerate() {
            // SAFETY: `new` asserted the buffer, and the index is below its capacity.
            unsafe { self.first.add(index).write(value) };
        }
    }
}

/// Frees an object that this library gave out. NULL is nothing.
///
/// # Safety
/// Unless it is NULL, the pointer came from [`Output::give`] or from an error, and no one uses it any more.
pub(crate) unsafe fn release<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: by the contract of this function.
        drop(unsafe { Box::from_raw(object) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_must_exist_and_be_aligned() {
        let mut numbers = [0_u64; 2];
        // SAFETY: refused places are not written, and the last one is a local variable.
        unsafe {
            assert!(Output::<u64>::new("out", ptr::null_mut()).is_err());
            assert!(Output::new("out", numbers.as_mut_ptr().byte_add(1)).is_err());
            Output::new("out", numbers.as_mut_ptr()).ok().expect("a right place").write(9);
        }
        assert_eq!(numbers, [9, 0]);
    }

    #[test]
    fn buffers_are_never_overrun() {
        let mut numbers = [0_u8; 4];
        // SAFETY: refused buffers are not written, and the last one is a local variable.
        unsafe {
            assert!(Buffer::<u8>::new("out", ptr::null_mut(), 1).is_err());
            assert!(Buffer::<u8>::new("out", ptr::null_mut(), 0).is_ok());
            let buffer = Buffer::new("out", numbers.as_mut_ptr(), 2).ok().expect("a right buffer");
            assert_eq!(buffer.capacity(), 2);
            buffer.write([1, 2, 3, 4].into_iter());
        }
        assert_eq!(numbers, [1, 2, 0, 0]);
    }
}
