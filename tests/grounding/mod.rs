mod numbers;
mod planted;
mod prose;
