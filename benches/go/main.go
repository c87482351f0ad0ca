// The Go peer of orion-bench: runs one row and prints "amount ops checksum", where the amount is
// nanoseconds or bytes. The workloads are those of ../src/workloads, written as Go programs are.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// A pass does n units of work and returns its checksum.
type pass func(n uint64) uint64

// timed warms up with a tenth of the work and times the whole of it.
func timed(work pass, warm, n, ops uint64) (uint64, uint64, uint64) {
	work(warm)
	start := time.Now()
	sum := work(n)
	return uint64(time.Since(start).Nanoseconds()), ops, sum
}

func run(row string, n uint64) (amount, ops, sum uint64) {
	switch row {
	case "spawn_join":
		return timed(spawnJoin, n/10, n, n)
	case "spawn_many":
		return timed(spawnMany, n/10, n, n)
	case "yield_1":
		return timed(yieldTimes, n/10, n, n)
	case "yield_1000":
		return timed(yieldCrowd, n/10, n, n)
	case "ping_pong":
		return timed(pingPong, n/10, n, n)
	case "one_to_one":
		return timed(traffic(1, 1), n/10, n, n)
	case "four_to_four":
		return timed(traffic(4, 4), n/10, n, n)
	case "hundred_to_one":
		return timed(traffic(100, 1), n/10, n, n)
	case "select_2":
		return timed(oneHot(2, select2), n/64*8, n, n)
	case "select_8":
		return timed(oneHot(8, select8), n/64*8, n, n)
	case "select_64":
		return timed(oneHot(64, selectMany), n/64*8, n, n)
	case "select_64_all":
		return timed(allHot(64, selectMany), n/64*8, n, n)
	case "sieve":
		return timed(primes, n/8, n, sieveMessages(n))
	case "skynet":
		return timed(skynet, n/10, n, skynetTasks(n))
	case "memory_spawned":
		return memorySpawned(n)
	case "memory_in_recv":
		return memoryInRecv(n)
	}
	fmt.Fprintln(os.Stderr, "no such row:", row)
	os.Exit(1)
	return
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go-peer ROW SIZE")
		os.Exit(1)
	}
	n, err := strconv.ParseUint(os.Args[2], 10, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	amount, ops, sum := run(os.Args[1], n)
	fmt.Println(amount, ops, sum)
}
