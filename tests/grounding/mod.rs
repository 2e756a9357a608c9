mod blind;
mod hard;
mod numbers;
mod planted;
mod prose;
mod unseen;
