//! A cache of attributes that repeat with every request to the same target.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::thread::LocalKey;

use super::prepared::PreparedAttributes;
use super::recorder::Recorder;
use super::value::Value;

/// How many targets a thread keeps; a power of two. Most services have fewer routes.
const SLOTS: usize = 64;

/// A target with longer texts is not kept, in bytes.
const LONGEST: usize = 512;

/// How many other targets have to come in a row before one replaces a target.
const PATIENCE: u8 = 8;

/// A thread's cache of encoded attributes that follow from a few texts of a request, such as its method, route
/// and authority. When the same texts come again, the attributes are [set with one
/// copy](Recorder::set_prepared).
///
/// A target is `N` texts and a number for everything else that the attributes follow from. A thread keeps 64
/// targets with texts of at most 512 bytes. Targets that come once, such as host names that a scanner invents,
/// do not displace those that come often.
///
/// `L` is a private type of the layer that owns the cache. The attributes that belong to a tag and texts are that layer's
/// own, so code that cannot name `L` can neither read the cache nor add to it.
///
/// ```
/// use tracing_core_lite::layer_support::AttributeCache;
/// use tracing_core_lite::testing::TestSpans;
///
/// struct ShopLayer;
///
/// thread_local! {
///     static TARGETS: AttributeCache<ShopLayer, 1> = const { AttributeCache::new() };
/// }
/// let spans = TestSpans::new();
/// for _ in 0..2 {
///     let host = "shop.example";
///     spans.tracer().span("GET").start_with(|span| {
///         AttributeCache::<ShopLayer, 1>::record(&TARGETS, span, 0, [host.as_bytes()], &|set| {
///             set("server.address", host.into());
///         });
///     });
/// }
/// assert!(spans.finished().iter().all(|it| it.span.text("server.address") == Some("shop.example")));
/// ```
pub struct AttributeCache<L, const N: usize> {
    targets: RefCell<Vec<Option<Target<N>>>>,
    layer: PhantomData<fn() -> L>,
}

/// A function that sets an attribute to a value.
pub type SetAttribute<'a> = dyn FnMut(&str, Value<'_>) + 'a;

#[derive(Debug)]
struct Target<const N: usize> {
    tag: u64,
    lengths: [usize; N],
    /// The texts, concatenated.
    texts: Box<[u8]>,
    attributes: PreparedAttributes,
    /// How many other targets for this slot have come since this one.
    others: u8,
}

impl<L, const N: usize> AttributeCache<L, N> {
    /// Creates an empty cache.
    #[must_use]
    pub const fn new() -> Self {
        Self { targets: RefCell::new(Vec::new()), layer: PhantomData }
    }

    /// Sets the attributes that `each` passes to its argument. They must depend on nothing but `tag` and
    /// `texts`.
    #[inline]
    pub fn record(
        cache: &'static LocalKey<Self>,
        span: &mut Recorder<'_>,
        tag: u64,
        texts: [&[u8]; N],
        each: &dyn Fn(&mut SetAttribute<'_>),
    ) {
        // A thread that is ending has no cache.
        let is_set = cache.try_with(|cache| cache.set(span, tag, texts, each)).unwrap_or(false);
        if !is_set {
            each(&mut |key, value| {
                span.set(key, value);
            });
        }
    }

    #[inline]
    fn set(
        &self,
        span: &mut Recorder<'_>,
        tag: u64,
        texts: [&[u8]; N],
        each: &dyn Fn(&mut SetAttribute<'_>),
    ) -> bool {
        let Ok(mut targets) = self.targets.try_borrow_mut() else { return false };
        let slot = slot_of(tag, texts);
        if let Some(Some(target)) = targets.get_mut(slot)
            && target.is(tag, texts)
        {
            target.others = 0;
            span.set_prepared(&target.attributes);
            return true;
        }
        Target::keep(&mut targets, slot, tag, texts, each)
            .map(|target| span.set_prepared(&target.attributes))
            .is_some()
    }
}

impl<L, const N: usize> fmt::Debug for AttributeCache<L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributeCache").field("targets", &self.targets).finish()
    }
}

impl<L, const N: usize> Default for AttributeCache<L, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Target<N> {
    #[inline]
    fn is(&self, tag: u64, texts: [&[u8]; N]) -> bool {
        let mut rest = &*self.texts;
        self.tag == tag
            && std::iter::zip(texts, self.lengths).all(|(text, length)| {
                let (kept, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                rest = after;
                is_same(kept, text)
            })
    }

    /// Puts a target into its slot, unless the target there is still in use.
    #[cold]
    fn keep<'a>(
        targets: &'a mut Vec<Option<Self>>,
        slot: usize,
        tag: u64,
        texts: [&[u8]; N],
        each: &dyn Fn(&mut SetAttribute<'_>),
    ) -> Option<&'a Self> {
        let lengths = texts.map(<[u8]>::len);
        if lengths.iter().sum::<usize>() > LONGEST {
            return None;
        }
        if targets.is_empty() {
            targets.resize_with(SLOTS, || None);
        }
        let place = targets.get_mut(slot)?;
        if let Some(other) = place
            && other.others < PATIENCE
        {
            other.others += 1;
            return None;
        }
        let mut attributes = PreparedAttributes::new();
        each(&mut |key, value| {
            attributes.set(key, value);
        });
        Some(place.insert(Self { tag, lengths, texts: texts.concat().into(), attributes, others: 0 }))
    }
}

/// Returns the slot: a hash of the lengths and of every byte.
#[inline]
fn slot_of<const N: usize>(tag: u64, texts: [&[u8]; N]) -> usize {
    let hash = texts.iter().fold(tag, |hash, text| {
        (hash.rotate_left(29) ^ digest(text) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    // The upper bits depend on all bits of the words.
    (hash >> 58) as usize % SLOTS
}

/// Reduces a text to a word.
#[inline]
fn digest(text: &[u8]) -> u64 {
    let len = text.len();
    if len < 8 {
        return text.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    }
    let word = |at: usize| text[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
    if len <= 24 {
        // These words cover all bytes.
        return word(0) ^ word(len / 2 - 4).rotate_left(23) ^ word(len - 8).rotate_left(41);
    }
    (0..len - 8)
        .step_by(8)
        .fold(word(len - 8), |hash, at| (hash.rotate_left(29) ^ word(at)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Whether two texts are equal. For short ones, the first and the last bytes, which may overlap, cover all
/// bytes.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let len = one.len();
    if len != other.len() {
        return false;
    }
    match len {
        8..=16 => one[..8] == other[..8] && one[len - 8..] == other[len - 8..],
        17..=32 => one[..16] == other[..16] && one[len - 16..] == other[len - 16..],
        _ => one == other,
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::testing::TestSpans;

    struct TestLayer;

    /// Records a request to `host`; whether its attributes had to be made.
    fn request(
        spans: &TestSpans,
        cache: &'static LocalKey<AttributeCache<TestLayer, 2>>,
        method: &str,
        host: &str,
    ) -> bool {
        let made = Cell::new(false);
        spans.tracer().span(&[method, " ", host]).start_with(|span| {
            AttributeCache::record(cache, span, 7, [method.as_bytes(), host.as_bytes()], &|set| {
                made.set(true);
                set("method", method.into());
                set("host", host.into());
            });
        });
        made.get()
    }

    #[test]
    fn a_target_is_made_once_and_none_is_taken_for_another() {
        thread_local! { static CACHE: AttributeCache<TestLayer, 2> = const { AttributeCache::new() } }
        let spans = TestSpans::new();
        assert!(request(&spans, &CACHE, "GET", "shop.example"));
        assert!(!request(&spans, &CACHE, "GET", "shop.example"));
        // The same bytes, divided otherwise, and one that is empty.
        assert!(request(&spans, &CACHE, "GETs", "hop.example"));
        assert!(request(&spans, &CACHE, "GETshop.example", ""));
        assert!(request(&spans, &CACHE, "POST", "shop.example"));
        assert!(!request(&spans, &CACHE, "GET", "shop.example"));
        for span in spans.finished() {
            let (method, host) = span.span.text("method").zip(span.span.text("host")).unwrap();
            assert_eq!(span.span.name, format!("{method} {host}"));
        }
    }

    #[test]
    fn the_number_is_part_of_the_target() {
        thread_local! { static CACHE: AttributeCache<TestLayer, 0> = const { AttributeCache::new() } }
        let spans = TestSpans::new();
        let tags = [1_u64, 2, 1, 1 << 40];
        for tag in tags {
            spans.tracer().span("request").start_with(|span| {
                AttributeCache::record(&CACHE, span, tag, [], &|set| set("tag", (tag as i64).into()));
            });
        }
        let recorded =
            spans.finished().iter().map(|it| it.span.int("tag").unwrap() as u64).collect::<Vec<_>>();
        assert_eq!(recorded, tags);
    }

    #[test]
    fn similar_targets_have_different_slots() {
        let slots_of = |texts: &dyn Fn(usize) -> String| {
            let slots = (0..1_000).map(|number| slot_of(7, [b"GET", texts(number).as_bytes()]));
            slots.collect::<std::collections::HashSet<_>>().len()
        };
        assert_eq!(slots_of(&|number| format!("tenant-{number:03}.example.com")), SLOTS);
        assert_eq!(slots_of(&|number| format!("/api/{number:03}stomers/{{id}}")), SLOTS);
        assert_eq!(slots_of(&|number| format!("shop.Orders/CreateOrder{number}")), SLOTS);
        assert_eq!(slots_of(&|number| format!("svc.tenant-{number:03}.cluster.internal.example.com")), SLOTS);
    }

    #[test]
    fn what_comes_once_does_not_drive_out_what_comes_often() {
        thread_local! { static CACHE: AttributeCache<TestLayer, 2> = const { AttributeCache::new() } }
        let spans = TestSpans::new();
        assert!(request(&spans, &CACHE, "GET", "often.example"));
        for number in 0..2_000 {
            request(&spans, &CACHE, "GET", &format!("{number}.made-up.example"));
            assert!(!request(&spans, &CACHE, "GET", "often.example"));
        }
        CACHE.with(|cache| assert_eq!(cache.targets.borrow().len(), SLOTS));
    }

    #[test]
    fn a_target_that_comes_no_more_gives_way() {
        thread_local! { static CACHE: AttributeCache<TestLayer, 2> = const { AttributeCache::new() } }
        let spans = TestSpans::new();
        for number in 0..2_000 {
            request(&spans, &CACHE, "GET", &format!("{number}.example"));
        }
        let made = (0..20).filter(|_| request(&spans, &CACHE, "GET", "now.example")).count();
        assert!(made <= usize::from(PATIENCE) + 1, "{made}");
    }

    #[test]
    fn a_long_target_is_recorded_and_not_kept() {
        thread_local! { static CACHE: AttributeCache<TestLayer, 2> = const { AttributeCache::new() } }
        let spans = TestSpans::new();
        let host = "x".repeat(LONGEST);
        assert!(request(&spans, &CACHE, "GET", &host) && request(&spans, &CACHE, "GET", &host));
    }
}
