//! A cache of sanitized texts.
//!
//! A text that is a `&'static str` or an `Arc<str>` is looked up by its address alone. The cache keeps a clone of it,
//! so no other text can have that address. A text that is built for each query is looked up by its hash and compared.
//! Each thread has its own small tables, so no lock is needed and the memory is bounded.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use sqlx_core::sql_str::SqlStr;

use super::known::KnownQuery;
use crate::sanitize::{Dialect, SanitizedQuery};

/// The number of entries of each of a thread's two tables.
const SLOTS: usize = 256;
/// The maximum length of a text that is kept, in bytes.
const LONGEST: usize = 16 * 1024;

struct Entry {
    sql: SqlStr,
    dialect: Dialect,
    known: Rc<KnownQuery>,
}

#[derive(Default)]
struct Cache {
    by_identity: Vec<Option<Entry>>,
    by_text: Vec<Option<Entry>>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// Returns the result of [`sanitize`](crate::sanitize::sanitize), from this thread's cache if it has the text.
///
/// A `&'static str` and an `Arc<str>` are looked up by their addresses. Any other text is hashed and compared. Texts above
/// 16 KiB are not kept.
#[inline]
#[must_use]
pub fn sanitized(sql: &SqlStr, dialect: Dialect) -> Arc<SanitizedQuery> {
    Arc::clone(&known(sql, dialect).query)
}

/// Returns the result of [`sanitized`] with its attributes. It stays on its thread, so its reference count needs no
/// atomic operations.
#[inline]
pub(super) fn known(sql: &SqlStr, dialect: Dialect) -> Rc<KnownQuery> {
    let text = sql.as_str();
    if text.len() > LONGEST {
        return Rc::new(KnownQuery::read(text, dialect));
    }
    CACHE
        .try_with(|cache| cache.try_borrow_mut().ok().map(|mut cache| cache.get(sql, dialect)))
        .ok()
        .flatten()
        // The thread is ending.
        .unwrap_or_else(|| Rc::new(KnownQuery::read(text, dialect)))
}

impl Cache {
    #[inline]
    fn get(&mut self, sql: &SqlStr, dialect: Dialect) -> Rc<KnownQuery> {
        let text = sql.as_str();
        if let Some(Some(entry)) = self.by_identity.get(identity_slot(text))
            && is_same(entry.sql.as_str(), text)
            && entry.dialect == dialect
        {
            return Rc::clone(&entry.known);
        }
        self.get_by_text(sql, dialect)
    }

    #[cold]
    fn get_by_text(&mut self, sql: &SqlStr, dialect: Dialect) -> Rc<KnownQuery> {
        let text = sql.as_str();
        let slot = text_slot(text);
        let known = self.by_text.get(slot).and_then(Option::as_ref);
        let known = known.filter(|entry| entry.dialect == dialect && entry.sql.as_str() == text);
        if let Some(entry) = known {
            return Rc::clone(&entry.known);
        }
        let read = Rc::new(KnownQuery::read(text, dialect));
        let entry = Entry { sql: sql.clone(), dialect, known: Rc::clone(&read) };
        // Cloning a text that is not shared copies it to another address.
        if is_same(entry.sql.as_str(), text) {
            insert(&mut self.by_identity, identity_slot(text), entry);
        } else {
            insert(&mut self.by_text, slot, entry);
        }
        read
    }
}

fn insert(table: &mut Vec<Option<Entry>>, slot: usize, entry: Entry) {
    if table.is_empty() {
        table.resize_with(SLOTS, || None);
    }
    table[slot] = Some(entry);
}

#[inline]
fn is_same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b)
}

/// Returns the slot of an address. Addresses are not random, so they are mixed first (Knuth's multiplicative hash).
#[inline]
fn identity_slot(text: &str) -> usize {
    let mixed =
        (text.as_ptr() as u64 ^ (text.len() as u64).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as usize % SLOTS
}

fn text_slot(text: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish() as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr};

    use super::*;

    fn dynamic(text: &str) -> SqlStr {
        AssertSqlSafe(text.to_owned()).into_sql_str()
    }

    #[test]
    fn a_text_is_read_once() {
        let fixed = || "SELECT 1 FROM once".into_sql_str();
        let shared = AssertSqlSafe(Arc::<str>::from("SELECT 2 FROM once")).into_sql_str();
        for (first, second) in [
            (fixed(), fixed()),
            (shared.clone(), shared),
            (dynamic("SELECT 3 FROM once"), dynamic("SELECT 3 FROM once")),
        ] {
            let (first, second) = (sanitized(&first, Dialect::Sqlite), sanitized(&second, Dialect::Sqlite));
            assert!(Arc::ptr_eq(&first, &second), "{first:?}");
        }
    }

    #[test]
    fn a_reused_address_is_not_mistaken_for_its_former_text() {
        for number in 0..10_000 {
            let table = format!("SELECT * FROM table_{number:05}");
            let text = AssertSqlSafe(Arc::<str>::from(table.as_str())).into_sql_str();
            assert_eq!(sanitized(&text, Dialect::MySql).text, table);
            assert_eq!(sanitized(&dynamic(&table), Dialect::MySql).text, table);
        }
    }

    #[test]
    fn dialects_do_not_mix() {
        let text = "SELECT \"a\"".into_sql_str();
        assert_eq!(sanitized(&text, Dialect::PostgreSql).text, "SELECT \"a\"");
        assert_eq!(sanitized(&text, Dialect::MySql).text, "SELECT ?");
    }
}
