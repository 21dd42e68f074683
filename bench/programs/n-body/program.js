function body(x, y, z, vx, vy, vz, mass) {
  return { x, y, z, vx, vy, vz, mass };
}

const solarMass = 4 * Math.PI * Math.PI;
const daysPerYear = 365.24;

function planets() {
  return [
    body(0, 0, 0, 0, 0, 0, solarMass),
    body(
      4.84143144246,
      -1.16032004403,
      -0.103622044471,
      0.00166007664274 * daysPerYear,
      0.0076990111842 * daysPerYear,
      -0.0000690460016972063 * daysPerYear,
      0.000954791938424 * solarMass,
    ),
    body(
      8.34336671824,
      4.12479856412,
      -0.403523417114,
      -0.00276742510726 * daysPerYear,
      0.00499852801235 * daysPerYear,
      0.00002304172975737639 * daysPerYear,
      0.000285885980666 * solarMass,
    ),
    body(
      12.8943695621,
      -15.1111514017,
      -0.223307578893,
      0.00296460137565 * daysPerYear,
      0.00237847173959 * daysPerYear,
      -0.00002965895685402376 * daysPerYear,
      0.00004366244043351563 * solarMass,
    ),
    body(
      15.3796971149,
      -25.91931461,
      0.17925877295,
      0.0026806777249 * daysPerYear,
      0.00162824170038 * daysPerYear,
      -0.00009515922545197159 * daysPerYear,
      0.00005151389020466115 * solarMass,
    ),
  ];
}

function offsetMomentum(bodies) {
  let px = 0;
  let py = 0;
  let pz = 0;
  for (const b of bodies) {
    px += b.vx * b.mass;
    py += b.vy * b.mass;
    pz += b.vz * b.mass;
  }
  const sun = bodies[0];
  sun.vx = -px / solarMass;
  sun.vy = -py / solarMass;
  sun.vz = -pz / solarMass;
}

function advance(bodies, dt) {
  const count = bodies.length;
  for (let i = 0; i < count; i++) {
    const a = bodies[i];
    for (let j = i + 1; j < count; j++) {
      const b = bodies[j];
      const dx = a.x - b.x;
      const dy = a.y - b.y;
      const dz = a.z - b.z;
      const squared = dx * dx + dy * dy + dz * dz;
      const magnitude = dt / (squared * Math.sqrt(squared));
      a.vx -= dx * b.mass * magnitude;
      a.vy -= dy * b.mass * magnitude;
      a.vz -= dz * b.mass * magnitude;
      b.vx += dx * a.mass * magnitude;
      b.vy += dy * a.mass * magnitude;
      b.vz += dz * a.mass * magnitude;
    }
  }
  for (const body of bodies) {
    body.x += dt * body.vx;
    body.y += dt * body.vy;
    body.z += dt * body.vz;
  }
}

function energy(bodies) {
  let e = 0;
  const count = bodies.length;
  for (let i = 0; i < count; i++) {
    const a = bodies[i];
    e += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz);
    for (let j = i + 1; j < count; j++) {
      const b = bodies[j];
      const dx = a.x - b.x;
      const dy = a.y - b.y;
      const dz = a.z - b.z;
      e -= (a.mass * b.mass) / Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

function main() {
  const bodies = planets();
  offsetMomentum(bodies);
  for (let step = 0; step < 12000; step++) advance(bodies, 0.01);
  console.log(energy(bodies).toFixed(9));
}

main();
