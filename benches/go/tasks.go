package main

import (
	"runtime"
	"sync"
)

func spawnJoin(n uint64) uint64 {
	var sum uint64
	done := make(chan uint64, 1)
	for i := uint64(0); i < n; i++ {
		go func() { done <- i }()
		sum += <-done
	}
	return sum
}

func spawnMany(n uint64) uint64 {
	results := make([]uint64, n)
	var tasks sync.WaitGroup
	for i := uint64(0); i < n; i++ {
		tasks.Add(1)
		go func(i uint64) {
			results[i] = i
			tasks.Done()
		}(i)
	}
	tasks.Wait()
	var sum uint64
	for _, result := range results {
		sum += result
	}
	return sum
}

func yieldTimes(n uint64) uint64 {
	for i := uint64(0); i < n; i++ {
		runtime.Gosched()
	}
	return n
}

func yieldCrowd(n uint64) uint64 {
	const crowd = 1000
	done := make(chan uint64, crowd)
	for i := uint64(0); i < crowd; i++ {
		go func(i uint64) { done <- i + yieldTimes(n/crowd) }(i)
	}
	var sum uint64
	for i := 0; i < crowd; i++ {
		sum += <-done
	}
	return sum
}

func skynetNode(result chan<- uint64, first, leaves uint64) {
	if leaves == 1 {
		result <- first
		return
	}
	children := make(chan uint64, 10)
	for child := uint64(0); child < 10; child++ {
		go skynetNode(children, first+child*(leaves/10), leaves/10)
	}
	var sum uint64
	for child := 0; child < 10; child++ {
		sum += <-children
	}
	result <- sum
}

func skynet(leaves uint64) uint64 {
	result := make(chan uint64, 1)
	go skynetNode(result, 0, leaves)
	return <-result
}

func skynetTasks(leaves uint64) uint64 {
	tasks := uint64(0)
	for level := leaves; level > 0; level /= 10 {
		tasks += level
	}
	return tasks
}

// inUse is what goroutines take: their stacks, and their descriptors and wait nodes on the heap.
func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.StackInuse + stats.HeapInuse
}

func memorySpawned(n uint64) (uint64, uint64, uint64) {
	results := make(chan uint64, n)
	before := inUse()
	for i := uint64(0); i < n; i++ {
		go func(i uint64) { results <- i }(i)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	after := stats.StackInuse + stats.HeapInuse
	var sum uint64
	for i := uint64(0); i < n; i++ {
		sum += <-results
	}
	return after - before, n, sum
}

func memoryInRecv(n uint64) (uint64, uint64, uint64) {
	results := make(chan uint64, n)
	stop := make(chan uint64)
	before := inUse()
	var arrived sync.WaitGroup
	for i := uint64(0); i < n; i++ {
		arrived.Add(1)
		go func(i uint64) {
			arrived.Done()
			<-stop
			results <- i
		}(i)
	}
	arrived.Wait()
	after := inUse()
	close(stop)
	var sum uint64
	for i := uint64(0); i < n; i++ {
		sum += <-results
	}
	return after - before, n, sum
}
