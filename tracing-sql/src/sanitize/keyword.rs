//! The keywords of SQL that mark a statement's operation, its targets and its secrets.

/// The length of the longest keyword in bytes.
const LONGEST: usize = 14;

macro_rules! keywords {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// A keyword. All other words are `Other`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Keyword {
            $($name,)+
            Other,
        }

        fn look_up(upper: &[u8]) -> Keyword {
            match upper {
                $($text => Keyword::$name,)+
                _ => Keyword::Other,
            }
        }
    };
}

keywords! {
    Add = b"ADD", All = b"ALL", Alter = b"ALTER", Analyze = b"ANALYZE", Application = b"APPLICATION",
    Apply = b"APPLY", Array = b"ARRAY", As = b"AS", Asymmetric = b"ASYMMETRIC", Attach = b"ATTACH",
    Availability = b"AVAILABILITY", Backup = b"BACKUP", Begin = b"BEGIN", Bitmap = b"BITMAP",
    Bulk = b"BULK", By = b"BY", Call = b"CALL", Case = b"CASE", Catalog = b"CATALOG",
    Certificate = b"CERTIFICATE", Close = b"CLOSE", Clustered = b"CLUSTERED",
    Columnstore = b"COLUMNSTORE", Commit = b"COMMIT", Concurrently = b"CONCURRENTLY",
    Conflict = b"CONFLICT", Connect = b"CONNECT", Copy = b"COPY", Create = b"CREATE",
    Credential = b"CREDENTIAL", Database = b"DATABASE", Deallocate = b"DEALLOCATE",
    Declare = b"DECLARE", Default = b"DEFAULT", Delete = b"DELETE", Deny = b"DENY",
    Describe = b"DESCRIBE", Detach = b"DETACH", Disable = b"DISABLE", Distinct = b"DISTINCT",
    Drop = b"DROP", Editionable = b"EDITIONABLE", Enable = b"ENABLE", End = b"END", Event = b"EVENT",
    Except = b"EXCEPT", Exec = b"EXEC", Execute = b"EXECUTE", Exists = b"EXISTS", Explain = b"EXPLAIN",
    Extension = b"EXTENSION", False = b"FALSE", Fetch = b"FETCH", For = b"FOR", Format = b"FORMAT",
    From = b"FROM", Fulltext = b"FULLTEXT", Function = b"FUNCTION", Global = b"GLOBAL",
    Grant = b"GRANT", Group = b"GROUP", Having = b"HAVING", Identified = b"IDENTIFIED", If = b"IF",
    Ignore = b"IGNORE", In = b"IN", Index = b"INDEX", Insert = b"INSERT", Intersect = b"INTERSECT",
    Into = b"INTO", Is = b"IS", Join = b"JOIN", Key = b"KEY", Lateral = b"LATERAL", Limit = b"LIMIT",
    Listen = b"LISTEN", Local = b"LOCAL", Lock = b"LOCK", Log = b"LOG", Login = b"LOGIN",
    LowPriority = b"LOW_PRIORITY", Master = b"MASTER", Materialized = b"MATERIALIZED", Merge = b"MERGE",
    Minus = b"MINUS", Nonclustered = b"NONCLUSTERED", Noneditionable = b"NONEDITIONABLE", Not = b"NOT",
    Notify = b"NOTIFY", Null = b"NULL", Offset = b"OFFSET", On = b"ON", Only = b"ONLY", Open = b"OPEN",
    Options = b"OPTIONS", Or = b"OR", Order = b"ORDER", Partition = b"PARTITION",
    Password = b"PASSWORD", Pragma = b"PRAGMA", Prepare = b"PREPARE", Proc = b"PROC",
    Procedure = b"PROCEDURE", Public = b"PUBLIC", Recursive = b"RECURSIVE", Refresh = b"REFRESH",
    Reindex = b"REINDEX", Release = b"RELEASE", Replace = b"REPLACE", Resource = b"RESOURCE",
    Restore = b"RESTORE", Return = b"RETURN", Returning = b"RETURNING", Revoke = b"REVOKE",
    Role = b"ROLE", Rollback = b"ROLLBACK", Row = b"ROW", Savepoint = b"SAVEPOINT", Schema = b"SCHEMA",
    Select = b"SELECT", Sequence = b"SEQUENCE", Server = b"SERVER", Service = b"SERVICE", Set = b"SET",
    Show = b"SHOW", Spatial = b"SPATIAL", Start = b"START", Statistics = b"STATISTICS",
    StraightJoin = b"STRAIGHT_JOIN", Symmetric = b"SYMMETRIC", Synonym = b"SYNONYM", Table = b"TABLE",
    Tables = b"TABLES", Temp = b"TEMP", Temporary = b"TEMPORARY", To = b"TO", Top = b"TOP",
    Tran = b"TRAN", Transaction = b"TRANSACTION", Trigger = b"TRIGGER", True = b"TRUE",
    Truncate = b"TRUNCATE", Type = b"TYPE", Union = b"UNION", Unique = b"UNIQUE",
    Unlisten = b"UNLISTEN", Unlogged = b"UNLOGGED", Update = b"UPDATE", Use = b"USE", User = b"USER",
    Using = b"USING", Vacuum = b"VACUUM", Value = b"VALUE", Values = b"VALUES", View = b"VIEW",
    Virtual = b"VIRTUAL", Where = b"WHERE", Window = b"WINDOW", With = b"WITH", Workload = b"WORKLOAD",
    Xml = b"XML",
}

impl Keyword {
    /// Returns the keyword for `word`, ignoring ASCII case.
    #[inline]
    pub(super) fn of(word: &[u8]) -> Self {
        if word.len() < 2 || word.len() > LONGEST {
            return Self::Other;
        }
        let mut upper = [0; LONGEST];
        let upper = &mut upper[..word.len()];
        for (to, from) in upper.iter_mut().zip(word) {
            *to = from.to_ascii_uppercase();
        }
        look_up(upper)
    }
}
