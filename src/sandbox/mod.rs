//! An embedded server that speaks Metabase's wire over SQLite, so that anyone can develop, test and demo without a
//! Metabase. It shares no type with the client, so that a bug cannot agree with itself.
