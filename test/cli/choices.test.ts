import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { choosePorts, isFree, readChoices, writeChoices } from "../../cli/choices";
import { houseOf, openHouse, type House } from "../../cli/house";
import { portDefaults } from "../../config/schema";
import { freePort, occupy, Place } from "../support/fixtures";

describe("ports of a start", () => {
  let place: Place;
  let house: House;
  let opened: { close: () => Promise<void> }[];
  beforeEach(() => {
    place = new Place();
    house = houseOf(place.directory);
    openHouse(house);
    opened = [];
  });
  afterEach(async () => {
    for (const one of opened) await one.close();
    place.remove();
  });
  /** Takes a port, unless another program of this machine has it already. */
  const take = async (port: number, host?: string): Promise<void> => {
    if (await isFree(port)) opened.push(await occupy(port, host));
  };

  it("are free unless somebody listens, on loopback, on all interfaces or on another one", async () => {
    const port = await freePort();
    assert.equal(await isFree(port), true);
    const loopback = await occupy(port);
    assert.equal(await isFree(port), false);
    await loopback.close();
    // The last one is another address of this machine: Ray binds some ports to all of them.
    for (const host of ["0.0.0.0", "127.0.0.2"]) {
      const other = await occupy(port, host);
      const free = await isFree(port);
      await other.close();
      assert.equal(free, false, host);
    }
  });

  it("are the defaults where they are free, and free ones where they are taken", async () => {
    await take(portDefaults.gateway);
    await take(portDefaults.rayGcs, "0.0.0.0");
    const ports = await choosePorts({}, house);
    assert.deepEqual(Object.keys(ports), Object.keys(portDefaults));
    assert.notEqual(ports.gateway, portDefaults.gateway);
    assert.notEqual(ports.rayGcs, portDefaults.rayGcs);
    for (const [name, port] of Object.entries(ports)) assert.equal(await isFree(port), true, name);
    assert.equal(new Set(Object.values(ports)).size, 5);
  });

  it("are as the stack file pins them, taken or not: that is for a fault to say", async () => {
    const { port, close } = await occupy();
    opened.push({ close });
    writeChoices({ ports: { ...portDefaults, gateway: 23456 } }, house);
    assert.equal((await choosePorts({ gateway: port }, house)).gateway, port);
  });

  it("are never two of the same, also when a pinned one is another's default or choice", async () => {
    for (const gateway of [
      portDefaults.serve,
      portDefaults.rayGcs,
      portDefaults.rayDashboard,
      portDefaults.rayClient,
    ]) {
      const ports = await choosePorts({ gateway }, house);
      assert.equal(ports.gateway, gateway);
      assert.equal(new Set(Object.values(ports)).size, 5);
    }
    writeChoices({ ports: { ...portDefaults, rayClient: 23456 } }, house);
    const later = await choosePorts({ serve: 23456 }, house);
    assert.equal(later.serve, 23456);
    assert.notEqual(later.rayClient, 23456);
  });

  it("stay what they were until the stack is stopped, although the stack itself listens there", async () => {
    const { port, close } = await occupy();
    opened.push({ close });
    const kept = { ...portDefaults, serve: port };
    writeChoices({ ports: kept, model: "org/name" }, house);
    assert.deepEqual(await choosePorts({}, house), kept);
    assert.deepEqual(readChoices(house), { ports: kept, model: "org/name" });
    assert.equal(statSync(house.choices).mode & 0o777, 0o600);
  });

  it("are not read from a file of another shape", () => {
    assert.equal(readChoices(house), undefined);
    place.write(".tokenrack/choices.json", '{"ports":{"gateway":"many"}}');
    assert.equal(readChoices(house), undefined);
  });
});
