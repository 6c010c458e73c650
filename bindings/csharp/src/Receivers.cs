using System;

namespace Duetime
{
    /// <summary>What a task answers to the engine.</summary>
    internal static class TaskAnswer
    {
        internal static readonly int Succeeded = Native.DUETIME_TASK_SUCCEEDED;
        internal static readonly int Failed = Native.DUETIME_TASK_FAILED;
        internal static readonly int CannotRun = Native.DUETIME_TASK_CANNOT_RUN;
    }

    /// <summary>A task as the engine holds it. It does not hold the scheduler, which could not be collected then.
    /// </summary>
    internal sealed class RegisteredTask
    {
        private readonly RunningCalls calls;
        private readonly Action<TaskCall> task;

        internal RegisteredTask(RunningCalls calls, Action<TaskCall> task)
        {
            this.calls = calls;
            this.task = task;
        }

        internal int Run(IntPtr native)
        {
            TaskCall call = calls.Begin(native);
            try
            {
                task(call);
                return TaskAnswer.Succeeded;
            }
            catch (CannotRunException exception)
            {
                return Fail(native, TaskAnswer.CannotRun, exception);
            }
            catch (Exception exception)
            {
                return Fail(native, TaskAnswer.Failed, exception);
            }
            finally
            {
                calls.End(call);
            }
        }

        private static int Fail(IntPtr native, int status, Exception exception)
        {
            Native.duetime_call_set_error(native, exception.GetType().FullName, Told(() => exception.Message),
                Told(exception.ToString));
            return status;
        }

        /// <summary>Exceptions may be of classes whose own code throws.</summary>
        private static string Told(Func<string> tell)
        {
            try
            {
                return (tell() ?? "").Replace('\0', '\uFFFD');
            }
            catch (Exception exception)
            {
                return "(the exception cannot be told: " + exception.GetType().FullName + ")";
            }
        }
    }

    /// <summary>A resolver as the engine holds it.</summary>
    internal sealed class RegisteredResolver
    {
        private readonly RunningCalls calls;
        private readonly Failures failures;
        private readonly Func<string, Action<TaskCall>> resolve;

        internal RegisteredResolver(RunningCalls calls, Failures failures, Func<string, Action<TaskCall>> resolve)
        {
            this.calls = calls;
            this.failures = failures;
            this.resolve = resolve;
        }

        /// <summary>null: the task is not known.</summary>
        internal RegisteredTask Find(string name)
        {
            try
            {
                Action<TaskCall> found = resolve(name);
                return found == null ? null : new RegisteredTask(calls, found);
            }
            catch (Exception exception)
            {
                failures.Report("the resolver, asked for task \"" + name + "\"", exception);
                return null;
            }
        }
    }

    /// <summary>A listener as the engine holds it.</summary>
    internal sealed class RegisteredListener
    {
        private readonly Failures failures;
        private readonly Action<SchedulerEvent> listener;

        internal RegisteredListener(Failures failures, Action<SchedulerEvent> listener)
        {
            this.failures = failures;
            this.listener = listener;
        }

        internal void Hear(IntPtr native)
        {
            using (var happened = new NativeEvent(native, false))
            {
                var told = new SchedulerEvent(happened);
                try
                {
                    listener(told);
                }
                catch (Exception exception)
                {
                    failures.Report("a listener, told of " + told.Kind, exception);
                }
            }
        }
    }
}
