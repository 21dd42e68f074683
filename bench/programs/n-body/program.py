from math import pi, sqrt


class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x = x
        self.y = y
        self.z = z
        self.vx = vx
        self.vy = vy
        self.vz = vz
        self.mass = mass


SOLAR_MASS = 4 * pi * pi
DAYS_PER_YEAR = 365.24


def planets():
    return [
        Body(0, 0, 0, 0, 0, 0, SOLAR_MASS),
        Body(4.84143144246, -1.16032004403, -0.103622044471,
             0.00166007664274 * DAYS_PER_YEAR, 0.0076990111842 * DAYS_PER_YEAR,
             -0.0000690460016972063 * DAYS_PER_YEAR, 0.000954791938424 * SOLAR_MASS),
        Body(8.34336671824, 4.12479856412, -0.403523417114,
             -0.00276742510726 * DAYS_PER_YEAR, 0.00499852801235 * DAYS_PER_YEAR,
             0.00002304172975737639 * DAYS_PER_YEAR, 0.000285885980666 * SOLAR_MASS),
        Body(12.8943695621, -15.1111514017, -0.223307578893,
             0.00296460137565 * DAYS_PER_YEAR, 0.00237847173959 * DAYS_PER_YEAR,
             -0.00002965895685402376 * DAYS_PER_YEAR, 0.00004366244043351563 * SOLAR_MASS),
        Body(15.3796971149, -25.91931461, 0.17925877295,
             0.0026806777249 * DAYS_PER_YEAR, 0.00162824170038 * DAYS_PER_YEAR,
             -0.00009515922545197159 * DAYS_PER_YEAR, 0.00005151389020466115 * SOLAR_MASS),
    ]


def offset_momentum(bodies):
    px = py = pz = 0
    for b in bodies:
        px += b.vx * b.mass
        py += b.vy * b.mass
        pz += b.vz * b.mass
    sun = bodies[0]
    sun.vx = -px / SOLAR_MASS
    sun.vy = -py / SOLAR_MASS
    sun.vz = -pz / SOLAR_MASS


def advance(bodies, dt):
    count = len(bodies)
    for i in range(count):
        a = bodies[i]
        for j in range(i + 1, count):
            b = bodies[j]
            dx = a.x - b.x
            dy = a.y - b.y
            dz = a.z - b.z
            squared = dx * dx + dy * dy + dz * dz
            magnitude = dt / (squared * sqrt(squared))
            a.vx -= dx * b.mass * magnitude
            a.vy -= dy * b.mass * magnitude
            a.vz -= dz * b.mass * magnitude
            b.vx += dx * a.mass * magnitude
            b.vy += dy * a.mass * magnitude
            b.vz += dz * a.mass * magnitude
    for body in bodies:
        body.x += dt * body.vx
        body.y += dt * body.vy
        body.z += dt * body.vz


def energy(bodies):
    e = 0
    count = len(bodies)
    for i in range(count):
        a = bodies[i]
        e += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
        for j in range(i + 1, count):
            b = bodies[j]
            dx = a.x - b.x
            dy = a.y - b.y
            dz = a.z - b.z
            e -= a.mass * b.mass / sqrt(dx * dx + dy * dy + dz * dz)
    return e


def main():
    bodies = planets()
    offset_momentum(bodies)
    for _ in range(12000):
        advance(bodies, 0.01)
    print(f"{energy(bodies):.9f}")


if __name__ == "__main__":
    main()
