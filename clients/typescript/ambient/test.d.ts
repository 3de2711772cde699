// As much of the types of Node's test runner as the tests use.

declare module "node:test" {
  export interface TestContext {
    after(body: () => unknown): void;
  }
  export function test(name: string, body: (context: TestContext) => unknown): void;
}

declare module "node:assert/strict" {
  interface Assert {
    (value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    rejects(call: Promise<unknown>, expected: object, message?: string): Promise<void>;
    throws(body: () => unknown, expected: object, message?: string): void;
    fail(message: string): never;
  }
  const assert: Assert;
  export default assert;
}
