//! Sets of answers with right and wrong figures, and what Cardinal's check of figures makes of them. All of it is in the tests, which
//! compile the modules that check figures as they stand in the program.
