import { FakeRuntime } from '../doubles/fake-runtime.ts';
import { describeRuntime } from './describe-runtime.ts';

describeRuntime('fake', () => {
  const runtime = new FakeRuntime();
  return {
    runtime,
    async crash(sandboxId) {
      runtime.exit(sandboxId, 137);
      return { exitCode: 137 };
    },
  };
});
