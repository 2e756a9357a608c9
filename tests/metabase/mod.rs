mod answers;
mod cards;
mod failures;
mod scripted;
