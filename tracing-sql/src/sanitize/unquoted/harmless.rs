//! Settings and words whose values cannot be secret.

/// Returns whether the values of this setting may be shown. `name` may have a scope, such as `@@session.`, and quotes.
pub(super) fn is_harmless_setting(name: &str) -> bool {
    const SCOPES: [&str; 5] = ["global", "session", "local", "persist", "persist_only"];
    let name = name.trim_start_matches('@');
    let name = match name.split_once('.') {
        Some((scope, name)) if SCOPES.iter().any(|known| scope.eq_ignore_ascii_case(known)) => name,
        _ => name,
    };
    let name = name.trim_matches(['`', '"', '[', ']']);
    contains(SETTINGS, name)
}

/// Returns whether the values of this `PRAGMA` may be shown. `name` may have a schema.
pub(super) fn is_harmless_pragma(name: &str) -> bool {
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    contains(PRAGMAS, name.trim_matches(['`', '"', '[', ']']))
}

/// Returns whether this word has the same meaning in the value of every setting.
pub(super) fn is_harmless_value(word: &str) -> bool {
    contains(VALUES, word)
}

/// Returns whether this word after `SET` begins a separate kind of statement, which sets no secret.
pub(super) fn is_set_form(word: &str) -> bool {
    contains(FORMS, word)
}

/// Returns whether this word in the arguments of `EXEC` belongs to the statement.
pub(super) fn is_exec_word(word: &str) -> bool {
    contains(EXEC_WORDS, word)
}

/// Returns whether this kind of object has settings that `ALTER … SET` changes. Most kinds have, and databases keep adding
/// some.
pub(super) fn has_settings(object: &str) -> bool {
    !contains(OBJECTS_WITHOUT_SETTINGS, object)
}

fn contains(list: &[&str], word: &str) -> bool {
    const LONGEST: usize = 40;
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    list.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

#[rustfmt::skip] // One name a line would fill the file.
const SETTINGS: &[&str] = &[
    "ansi_defaults", "ansi_null_dflt_off", "ansi_null_dflt_on", "ansi_nulls", "ansi_padding", "ansi_warnings",
    "arithabort", "arithignore", "autocommit", "backslash_quote", "binlog_format", "bytea_output",
    "character_set_client", "character_set_connection", "character_set_database", "character_set_results",
    "character_set_server", "client_encoding", "client_min_messages", "collation_connection",
    "collation_database", "collation_server", "completion_type", "concat_null_yields_null",
    "constraint_exclusion", "container", "current_schema", "cursor_close_on_commit", "datefirst",
    "dateformat", "datestyle", "deadlock_priority", "default_storage_engine", "default_table_access_method",
    "default_text_search_config", "default_toast_compression", "default_transaction_deferrable",
    "default_transaction_isolation", "default_transaction_read_only", "edition", "escape_string_warning",
    "extra_float_digits", "fmtonly", "forceplan", "foreign_key_checks", "identity_insert",
    "implicit_transactions", "innodb_strict_mode", "intervalstyle", "isolation_level", "jit",
    "language", "lc_messages", "lc_monetary", "lc_numeric", "lc_time", "lc_time_names", "lock_timeout",
    "log_min_duration_statement", "log_min_messages", "log_statement", "lower_case_table_names", "names",
    "nls_calendar", "nls_comp", "nls_currency", "nls_date_format", "nls_date_language",
    "nls_iso_currency", "nls_language", "nls_length_semantics", "nls_nchar_conv_excp",
    "nls_numeric_characters", "nls_sort", "nls_territory", "nls_timestamp_format",
    "nls_timestamp_tz_format", "nocount", "noexec", "numeric_roundabort", "optimizer_mode",
    "optimizer_switch", "parseonly", "password_encryption", "plan_cache_mode", "quote_all_identifiers",
    "quoted_identifier", "read_only", "recovery", "remote_proc_transactions", "rowcount", "search_path",
    "session_replication_role", "showplan_all", "showplan_text", "showplan_xml", "sql_auto_is_null",
    "sql_big_selects", "sql_log_bin", "sql_log_off", "sql_mode", "sql_notes", "sql_quote_show_create",
    "sql_safe_updates", "sql_warnings", "standard_conforming_strings", "statistics", "storage_engine",
    "synchronous_commit", "textsize", "time_zone", "timezone", "transaction_deferrable",
    "transaction_isolation", "transaction_read_only", "tx_isolation", "tx_read_only", "unique_checks",
    "wal_level", "xact_abort", "xmlbinary", "xmloption",
];

#[rustfmt::skip]
const PRAGMAS: &[&str] = &[
    "analysis_limit", "application_id", "auto_vacuum", "automatic_index", "busy_timeout", "cache_size",
    "cache_spill", "case_sensitive_like", "cell_size_check", "checkpoint_fullfsync", "collation_list",
    "compile_options", "count_changes", "data_store_directory", "data_version", "database_list",
    "default_cache_size", "defer_foreign_keys", "empty_result_callbacks", "encoding", "foreign_key_check",
    "foreign_key_list", "foreign_keys", "freelist_count", "full_column_names", "fullfsync",
    "function_list", "hard_heap_limit", "ignore_check_constraints", "incremental_vacuum", "index_info",
    "index_list", "index_xinfo", "integrity_check", "journal_mode", "journal_size_limit",
    "legacy_alter_table", "legacy_file_format", "locking_mode", "max_page_count", "mmap_size",
    "module_list", "optimize", "page_count", "page_size", "parser_trace", "pragma_list", "query_only",
    "quick_check", "read_uncommitted", "recursive_triggers", "reverse_unordered_selects",
    "schema_version", "secure_delete", "short_column_names", "shrink_memory", "soft_heap_limit", "stats",
    "synchronous", "table_info", "table_list", "table_xinfo", "temp_store", "threads", "trusted_schema",
    "user_version", "wal_autocheckpoint", "wal_checkpoint", "writable_schema",
];

const VALUES: &[&str] = &["current", "default", "false", "for", "local", "null", "off", "on", "true"];

const FORMS: &[&str] = &[
    "authorization",
    "catalog",
    "character",
    "characteristics",
    "charset",
    "constraint",
    "constraints",
    "default",
    "names",
    "resource",
    "role",
    "schema",
    "statistics",
    "time",
    "transaction",
    "xml",
];

const EXEC_WORDS: &[&str] = &[
    "as",
    "at",
    "caller",
    "default",
    "immediate",
    "into",
    "login",
    "none",
    "null",
    "out",
    "output",
    "owner",
    "recompile",
    "result",
    "self",
    "sets",
    "undefined",
    "user",
    "using",
    "with",
];

const OBJECTS_WITHOUT_SETTINGS: &[&str] = &[
    "aggregate",
    "authorization",
    "column",
    "constraint",
    "domain",
    "extension",
    "external",
    "foreign",
    "index",
    "materialized",
    "operator",
    "policy",
    "publication",
    "rule",
    "schema",
    "sequence",
    "statistics",
    "table",
    "tablespace",
    "trigger",
    "type",
    "view",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        for list in [SETTINGS, PRAGMAS, VALUES, FORMS, EXEC_WORDS, OBJECTS_WITHOUT_SETTINGS] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn scopes_and_quotes_do_not_hide_a_setting() {
        for (name, expected) in [
            ("search_path", true),
            ("TimeZone", true),
            ("@@session.sql_mode", true),
            ("`sql_mode`", true),
            ("app.search_path", false),
            ("app.secret", false),
            ("", false),
        ] {
            assert_eq!(is_harmless_setting(name), expected, "{name}");
        }
        assert!(is_harmless_pragma("main.journal_mode") && !is_harmless_pragma("main.key"));
    }
}
