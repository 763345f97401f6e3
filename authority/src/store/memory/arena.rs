//! Many small pieces of bytes of different lengths, without an allocation for each.
//!
//! An allocator rounds a record up to the next of its sizes and the pointer to it takes sixteen bytes more:
//! together a third of what a token takes. Here pieces lie in chunks of equal blocks, their lengths rounded up
//! to eight bytes, and a place is four bytes.

use std::{num::NonZeroU32, ops::Range};

/// Block lengths are multiples of this.
const STEP: usize = 8;
/// Bytes before a piece that say its length.
const LENGTH: usize = 2;
/// Bytes that are allocated at once: a size that allocators do not round up.
const CHUNK: usize = 8192;
/// Longer pieces are allocated by themselves.
const LONGEST: usize = STEP * OWN as usize - LENGTH;
/// The class of pieces that are allocated by themselves.
const OWN: u8 = u8::MAX;
/// Bits of a place that say which of its class it is.
const INDEX: u32 = 24;
/// Places of one class.
const PLACES: u32 = (1 << INDEX) - 1;

/// Where a piece lies: its class, and which of it. One more than that, so that none takes no room either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(NonZeroU32);

impl Place {
    const fn new(class: u8, index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add((class as u32) << INDEX | index))
    }

    const fn class(self) -> u8 {
        ((self.0.get() - 1) >> INDEX) as u8
    }

    const fn index(self) -> usize {
        ((self.0.get() - 1) & ((1 << INDEX) - 1)) as usize
    }
}

/// The blocks of one length.
#[derive(Debug, Default)]
struct Class {
    chunks: Vec<Box<[u8]>>,
    /// How many blocks were ever used.
    used: u32,
    free: Vec<u32>,
}

/// The pieces.
#[derive(Debug, Default)]
pub(super) struct Arena {
    /// By their class, as far as they are used.
    classes: Vec<Class>,
    /// Those that are allocated by themselves.
    own: Vec<Box<[u8]>>,
    own_free: Vec<u32>,
}

/// The class whose blocks have room for so many bytes.
fn class_of(length: usize) -> u8 {
    // The class of a block is its length in steps, less one.
    if length > LONGEST { OWN } else { ((length + LENGTH).div_ceil(STEP) - 1) as u8 }
}

const fn block_of(class: u8) -> usize {
    (class as usize + 1) * STEP
}

/// In which chunk a block lies, and where in it.
const fn within(class: u8, index: usize) -> (usize, Range<usize>) {
    let (length, blocks) = (block_of(class), CHUNK / block_of(class));
    let at = index % blocks * length;
    (index / blocks, at..at + length)
}

impl Class {
    fn block(&self, class: u8, index: usize) -> Option<&[u8]> {
        let (chunk, block) = within(class, index);
        self.chunks.get(chunk)?.get(block)
    }

    fn block_mut(&mut self, class: u8, index: usize) -> Option<&mut [u8]> {
        let (chunk, block) = within(class, index);
        self.chunks.get_mut(chunk)?.get_mut(block)
    }
}

impl Arena {
    /// Keeps a piece. None where there are as many of its length as places: 16 million.
    pub(super) fn put(&mut self, piece: &[u8]) -> Option<Place> {
        let class = class_of(piece.len());
        if class == OWN {
            let index = self.own_free.pop().or_else(|| u32::try_from(self.own.len()).ok())?;
            match self.own.get_mut(index as usize) {
                Some(free) => *free = piece.into(),
                None if index < PLACES => self.own.push(piece.into()),
                None => return None,
            }
            return Some(Place::new(OWN, index));
        }
        if self.classes.len() <= usize::from(class) {
            self.classes.resize_with(usize::from(class) + 1, Class::default);
        }
        let blocks = self.classes.get_mut(usize::from(class))?;
        let index = match blocks.free.pop() {
            Some(index) => index,
            None if blocks.used < PLACES => {
                if within(class, blocks.used as usize).0 == blocks.chunks.len() {
                    blocks.chunks.push(vec![0; CHUNK].into_boxed_slice());
                }
                blocks.used += 1;
                blocks.used - 1
            }
            None => return None,
        };
        let place = Place::new(class, index);
        self.write(place, piece);
        Some(place)
    }

    /// The piece at a place, empty where there never was one.
    pub(super) fn get(&self, place: Place) -> &[u8] {
        if place.class() == OWN {
            return self.own.get(place.index()).map_or(&[], |piece| piece);
        }
        let class = self.classes.get(usize::from(place.class()));
        let block = class.and_then(|class| class.block(place.class(), place.index()));
        let Some((length, rest)) = block.and_then(|block| block.split_first_chunk::<LENGTH>())
        else {
            return &[];
        };
        rest.get(..usize::from(u16::from_le_bytes(*length))).unwrap_or_default()
    }

    /// Replaces a piece: at its place if there is room, or else at another. None as in [`Arena::put`]; the
    /// old one is kept then.
    pub(super) fn replace(&mut self, place: Place, piece: &[u8]) -> Option<Place> {
        if class_of(piece.len()) == place.class() {
            self.write(place, piece);
            return Some(place);
        }
        let other = self.put(piece)?;
        self.free(place);
        Some(other)
    }

    /// Gives a place to the next piece of its class.
    pub(super) fn free(&mut self, place: Place) {
        let index = place.index() as u32;
        if let Some(piece) = self.own.get_mut(place.index()).filter(|_| place.class() == OWN) {
            *piece = Box::default();
            self.own_free.push(index);
        } else if let Some(class) = self.classes.get_mut(usize::from(place.class())) {
            class.free.push(index);
        }
    }

    fn write(&mut self, place: Place, piece: &[u8]) {
        if place.class() == OWN {
            if let Some(own) = self.own.get_mut(place.index()) {
                *own = piece.into();
            }
            return;
        }
        let class = self.classes.get_mut(usize::from(place.class()));
        let block = class.and_then(|class| class.block_mut(place.class(), place.index()));
        if let Some((length, rest)) = block.and_then(|b| b.split_first_chunk_mut::<LENGTH>()) {
            // A class has room for what is shorter than 2 KiB, which two bytes can say.
            *length = (piece.len() as u16).to_le_bytes();
            if let Some(room) = rest.get_mut(..piece.len()) {
                room.copy_from_slice(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use oorandom::Rand32;

    use super::*;

    #[test]
    fn pieces_of_every_length_come_back() {
        assert_eq!(size_of::<Option<Place>>(), 4);
        let mut arena = Arena::default();
        let piece =
            |length: usize| (0..length).map(|at| (at * 7 + length) as u8).collect::<Vec<_>>();
        let places: Vec<_> = (0..5_000).map(|length| arena.put(&piece(length)).unwrap()).collect();
        for (length, place) in places.iter().enumerate() {
            assert_eq!(arena.get(*place), piece(length), "{length}");
        }
    }

    #[test]
    fn a_free_place_is_used_again_and_a_piece_that_fits_stays() {
        let mut arena = Arena::default();
        for length in [60, 4_000] {
            let first = arena.put(&vec![1; length]).unwrap();
            let second = arena.put(&vec![2; length]).unwrap();
            assert_eq!(arena.replace(second, &vec![3; length + 1]), Some(second));
            arena.free(first);
            assert_eq!(arena.put(&vec![4; length]), Some(first));
            assert_eq!(arena.get(first), vec![4; length]);
            assert_eq!(arena.get(second), vec![3; length + 1]);
        }
    }

    #[test]
    fn it_holds_what_was_put_however_pieces_come_and_go() {
        let mut random = Rand32::new(5);
        let mut arena = Arena::default();
        let mut known: Vec<(Place, Vec<u8>)> = Vec::new();
        for round in 0..30_000_u32 {
            let length = match random.rand_range(0..20) {
                0 => random.rand_range(1_900..2_300),
                _ => random.rand_range(0..200),
            };
            let piece = vec![round as u8; length as usize];
            let at = (!known.is_empty()).then(|| random.rand_range(0..known.len() as u32) as usize);
            match (random.rand_range(0..4), at) {
                (0, Some(at)) => arena.free(known.swap_remove(at).0),
                (1, Some(at)) => {
                    known[at] = (arena.replace(known[at].0, &piece).unwrap(), piece);
                }
                _ if known.len() < 1_000 => known.push((arena.put(&piece).unwrap(), piece)),
                _ => {}
            }
            if let Some((place, piece)) = known.get(at.unwrap_or(0)) {
                assert_eq!(arena.get(*place), piece);
            }
        }
        assert!(known.len() > 500);
        for (place, piece) in &known {
            assert_eq!(arena.get(*place), piece);
        }
        let blocks: usize = arena.classes.iter().map(|class| class.chunks.len()).sum();
        assert!(blocks < 100, "{blocks} chunks for a thousand pieces: places are not used again");
    }
}
