// Tells the application what happens. Whatever its handlers do, nothing else is changed by it.

/** Calls a handler of the application. One that fails is a warning of the process. */
export function harmless(who: string, call: () => unknown): void {
  const report = (failure: unknown): void => {
    process.emitWarning(`The ${who} of wiresign failed: ${String(failure)}`, "WiresignWarning");
  };
  try {
    const result = call();
    if (result instanceof Promise) {
      result.catch(report);
    }
  } catch (failure) {
    report(failure);
  }
}

/** The handler of errors where the application has none: a warning of the process. */
export function warn(error: Error): void {
  process.emitWarning(error.message, "WiresignWarning");
}
