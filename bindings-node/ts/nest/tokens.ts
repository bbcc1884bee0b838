// The names under which the parts of the module find each other.

export const GATE = Symbol("wiresign:gate");
export const OPTIONS = Symbol("wiresign:options");
