import assert from "node:assert/strict";
import type { Properties } from "../../../../../engine/standins/values";
import { jobLook, podErrors, podLook } from "../../../../../engine/standins/kubernetes/await/pods";

const is = (type: string, status = "True", reason = "", message = ""): Properties => ({
  type,
  status,
  reason,
  message,
});
const pod = (conditions: Properties[], more: Properties = {}): Properties => ({
  metadata: { name: "p", namespace: "default" },
  status: { conditions, ...more },
});
const STARTED = [is("PodScheduled"), is("Initialized")];

describe("kubernetes stand-in: waits for pods and jobs", () => {
  it("follows a pod step by step", () => {
    assert.deepEqual(podLook(pod([])).progress, ['Waiting for Pod "p" to be scheduled']);
    assert.deepEqual(podLook(pod([is("PodScheduled")])).progress, ['Waiting for Pod "p" to be initialized']);
    assert.deepEqual(podLook(pod(STARTED)).progress, ['Waiting for Pod "p" to be ready']);
    assert.equal(podLook(pod([...STARTED, is("Ready")])).ready, true);
    assert.equal(podLook(pod(STARTED, { phase: "Succeeded" })).ready, true);
  });

  it("says what is wrong with its containers", () => {
    const ready = is("Ready", "False", "ContainersNotReady", "containers with unready status: [a b]");
    const containerStatuses = [
      { name: "fine", ready: true },
      { name: "coming", state: { waiting: { reason: "ContainerCreating" } } },
      {
        name: "crashing",
        state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
        lastState: { terminated: { reason: "Error", exitCode: 3, finishedAt: "2026-01-01T00:00:00Z" } },
      },
    ];
    assert.deepEqual(podErrors(pod([...STARTED, ready], { containerStatuses })), [
      "[Pod p]: containers with unready status: [a b][CrashLoopBackOff] back-off\n" +
        'container "crashing" terminated at 2026-01-01T00:00:00Z (Error: exit code 3)',
    ]);
    assert.deepEqual(podErrors(pod([])), []);
  });

  it("ends with a job that is complete or has failed", () => {
    const job = (conditions: Properties[], status: Properties = {}): Properties => ({
      metadata: { name: "j", namespace: "n" },
      status: { conditions, ...status },
    });
    assert.equal(jobLook(job([is("Complete")])).ready, true);
    const failed = jobLook(job([is("Failed", "True", "BackoffLimitExceeded", "too often")]));
    assert.deepEqual([failed.failed, failed.errors], [true, ["[BackoffLimitExceeded] too often"]]);
    assert.deepEqual(jobLook(job([])).progress, ['Waiting for Job "n/j" to start']);
    assert.deepEqual(jobLook(job([], { startTime: "t", active: 1, failed: 2 })).progress, [
      'Waiting for Job "n/j" to succeed (Active: 1 | Succeeded: 0 | Failed: 2)',
    ]);
  });
});
