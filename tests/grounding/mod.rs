mod blind;
mod numbers;
mod planted;
mod prose;
